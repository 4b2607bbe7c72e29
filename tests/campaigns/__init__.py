"""Campaigns: many killed trainings and many damaged files, with a committed summary."""
