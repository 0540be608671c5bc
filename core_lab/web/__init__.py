"""The page: studies and their state, one study's images and grades, the report as text."""
