carried = ["102"]
