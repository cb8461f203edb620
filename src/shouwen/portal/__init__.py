"""What residents see without an app: they report by a code on the door, follow their matter, and are told by SMS."""
