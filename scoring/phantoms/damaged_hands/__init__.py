"""Damage drawn into real hands without arthritis: pictures nearly real, truth exact.

Lengths are in mm of a hand that is 82 mm broad at its metacarpal heads, whatever the film's pixel size and the
person's age: a child's lesion is as large beside its bones as an adult's.
"""
