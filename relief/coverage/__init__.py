"""How far a campaign has reached: figures by area, as tables, files and maps."""
