way = "clouds-yaml"
