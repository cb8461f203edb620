"""首问: the system that runs the standard operating procedures of property-management service centres."""

__version__ = "0.1.0"
