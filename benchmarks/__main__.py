"""python -m benchmarks. A process that is measured imports this file again, so it must load nothing by itself."""

if __name__ == "__main__":
    from benchmarks.command import app  # the guard above is the reason

    app()
