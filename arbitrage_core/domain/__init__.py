"""The nouns: row and record dtypes, enums, market, fees, money, identity."""
