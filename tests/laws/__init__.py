"""Laws that hold for all inputs, looked for with hypothesis."""
