"""A customer's files become a case: which objects belong to it, what the server held, what is still missing."""
