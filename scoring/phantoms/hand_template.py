"""The average hand: where bones lie in a left hand filmed PA (thumb to the viewer's right), in template units.

One unit is a 905th of the hand length (radiocarpal joint to the tip of the middle finger). Written down by eye from
the proportions of a hand; every phantom varies it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

HAND_LENGTH_UNITS: Final = 905.0

Point = tuple[float, float]


class Segment(NamedTuple):
    """One long bone of a ray: ends (base, head), full widths of base, waist and head."""

    name: str
    base: Point
    head: Point
    widths: tuple[float, float, float]


RAYS: Final[dict[int, tuple[Segment, ...]]] = {
    1: (
        Segment("MC1", (591, 886), (690, 712), (62, 41, 62)),
        Segment("PP1", (703, 699), (787, 600), (62, 37, 48)),
        Segment("DP1", (797, 589), (864, 528), (50, 21, 25)),
    ),
    2: (
        Segment("MC2", (514, 858), (556, 573), (78, 36, 64)),
        Segment("PP2", (574, 560), (618, 386), (70, 38, 50)),
        Segment("MP2", (627, 372), (650, 266), (54, 33, 40)),
        Segment("DP2", (654, 255), (664, 187), (40, 17, 23)),
    ),
    3: (
        Segment("MC3", (446, 855), (450, 573), (62, 37, 68)),
        Segment("PP3", (458, 560), (466, 361), (70, 41, 52)),
        Segment("MP3", (467, 347), (474, 215), (58, 34, 43)),
        Segment("DP3", (476, 204), (479, 131), (42, 17, 26)),
    ),
    4: (
        Segment("MC4", (386, 859), (360, 611), (54, 27, 55)),
        Segment("PP4", (356, 598), (342, 405), (64, 37, 49)),
        Segment("MP4", (336, 393), (338, 262), (53, 32, 41)),
        Segment("DP4", (339, 251), (342, 172), (41, 17, 27)),
    ),
    5: (
        Segment("MC5", (342, 874), (274, 655), (60, 31, 54)),
        Segment("PP5", (262, 643), (210, 502), (60, 32, 41)),
        Segment("MP5", (201, 490), (182, 401), (45, 28, 35)),
        Segment("DP5", (178, 391), (171, 324), (34, 15, 23)),
    ),
}

CARPALS: Final[dict[str, tuple[Point, ...]]] = {
    "capitate": (
        (417, 870),
        (446, 866),
        (473, 870),
        (479, 893),
        (474, 920),
        (470, 940),
        (454, 957),
        (430, 956),
        (417, 938),
        (420, 915),
        (414, 890),
    ),
    "hamate": (
        (330, 892),
        (356, 882),
        (380, 872),
        (408, 872),
        (407, 895),
        (412, 918),
        (407, 940),
        (391, 940),
        (366, 924),
        (346, 908),
    ),
    "triquetrum": ((336, 912), (355, 922), (378, 948), (371, 974), (356, 988), (338, 976), (328, 943)),
    "pisiform": ((338, 950), (355, 945), (368, 958), (367, 977), (351, 986), (336, 972)),
    "lunate": (
        (387, 957),
        (401, 952),
        (415, 960),
        (432, 967),
        (448, 964),
        (452, 984),
        (440, 1004),
        (414, 1011),
        (391, 1006),
        (380, 984),
    ),
    "scaphoid": (
        (461, 963),
        (478, 946),
        (481, 931),
        (500, 924),
        (525, 930),
        (541, 950),
        (532, 969),
        (509, 983),
        (482, 1001),
        (463, 994),
    ),
    "trapezoid": ((486, 874), (508, 869), (528, 870), (531, 892), (524, 912), (506, 916), (487, 912), (484, 893)),
    "trapezium": ((526, 886), (545, 862), (562, 884), (583, 906), (574, 929), (548, 940), (526, 923), (518, 905)),
}

FOREARM: Final[dict[str, tuple[Point, ...]]] = {
    "radius": (
        (382, 1038),
        (387, 1026),
        (412, 1025),
        (440, 1022),
        (470, 1012),
        (500, 995),
        (524, 978),
        (533, 990),
        (531, 1020),
        (527, 1045),
        (513, 1085),
        (497, 1130),
        (484, 1200),
        (477, 1300),
        (474, 1440),
        (470, 1600),
        (412, 1600),
        (411, 1440),
        (412, 1300),
        (409, 1200),
        (401, 1120),
        (390, 1070),
        (382, 1048),
    ),
    "ulna": (
        (306, 1018),
        (312, 1003),
        (321, 1007),
        (326, 1026),
        (345, 1029),
        (363, 1031),
        (371, 1043),
        (367, 1062),
        (354, 1100),
        (347, 1170),
        (341, 1300),
        (336, 1440),
        (332, 1600),
        (284, 1600),
        (290, 1440),
        (296, 1300),
        (301, 1170),
        (303, 1100),
        (302, 1050),
    ),
}

FOREARM_AXES: Final[dict[str, tuple[Point, Point, tuple[float, float, float]]]] = {
    "radius": ((441, 1600), (458, 1006), (58, 68, 142)),
    "ulna": ((308, 1600), (338, 1026), (46, 46, 66)),
}
"""Shaft end, joint end and full widths (cut end, shaft, joint end) of the forearm bones."""

AGE_SEEN_YEARS: Final = {
    "capitate": 0.3,
    "hamate": 0.4,
    "triquetrum": 2.5,
    "lunate": 3.8,
    "trapezium": 4.9,
    "trapezoid": 5.2,
    "scaphoid": 5.3,
    "pisiform": 10.0,
}
"""Age at which each carpal bone begins to show on a film (mean of both sexes, rounded)."""
