"""The pages of tickets and procedures: the counter, the ticket, lists and boards, procedures, the journal."""
