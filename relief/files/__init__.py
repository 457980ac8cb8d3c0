"""Reading and writing files that people hand over: tables under guard, and text that stays text."""
