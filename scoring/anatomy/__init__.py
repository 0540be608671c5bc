"""Findings that several scoring systems need: is there a hand, which way up, which side, where is every scored site."""
