"""The first contact with the real site: a few polite asks, and what they tell of each fact we count on.

`steps` says what is asked for, `checks` what is looked at in the answers, `contact` does the asking and keeps
the answers for others to look at.
"""
