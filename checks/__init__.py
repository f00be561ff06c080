"""Great Expectations suites behind one public gate."""
