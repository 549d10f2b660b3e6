"""Tests of the analyst's questions, on a league small enough to count by hand."""
