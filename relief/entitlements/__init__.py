"""What each family may receive in a campaign, who approved it, and the tokens that prove it."""
