"""Rounds (巡查): places that must be looked at again and again. Above procedures: a finding becomes a ticket. Absence is the alarm."""
