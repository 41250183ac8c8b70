"""JSON documents to messages and back, by plans compiled once per message, microversion and audience."""
