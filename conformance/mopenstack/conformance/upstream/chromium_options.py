"""How the drivers of tests that have a browser start Chromium."""

WIDTH, HEIGHT = 1920, 1080
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    f"--window-size={WIDTH},{HEIGHT}",
)
