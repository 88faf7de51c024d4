"""Server-sent events, as far as tests need them."""


def events(text):
    """[(event name or "", data)], comments left out."""
    out = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        name, data = "", []
        for line in block.split("\n"):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
        if data:
            out.append((name, "\n".join(data)))
    return out


def data_events(text):
    return [data for _, data in events(text)]
