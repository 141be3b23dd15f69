"""The risk model for reviews of AI capital expenditure."""
