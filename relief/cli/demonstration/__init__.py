"""An invented flood response, played through the same use cases as a real one."""
