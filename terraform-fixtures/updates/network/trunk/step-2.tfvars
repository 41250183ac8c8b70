carried = ["101", "102"]
