"""What every pixel op means, in plain numpy: the definition that faster tiers must match."""
