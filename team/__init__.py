"""Working together: members and invitations, who may do what, what was done (the audit log), and who is mailed about it."""
