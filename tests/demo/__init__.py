"""Tests of the demo league and its site."""
