from shouwen.config.cli import main

main()
