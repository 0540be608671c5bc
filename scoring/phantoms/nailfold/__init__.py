"""Phantoms of nailfold dermatoscopy: a patient's fingers as a phone behind a 200x lens shows them, with exact truth.

Lengths are micrometres of skin unless a name ends in ``_px``: ``u`` runs along the nail fold, ``v`` from the nail
towards the hand; ``v`` = 0 is where the apices of the distal row lie on average.
"""
