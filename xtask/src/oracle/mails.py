"""Makes mails of patches: mails.py FOLDER, where each patch is NAME.patch."""
import email.charset
import email.message
import pathlib
import sys
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText


def headed(mail, name):
    mail["From"] = "A U Thor <author@example.org>"
    mail["Subject"] = f"[PATCH] {name}"
    mail["Date"] = "Fri, 27 Nov 2026 08:00:00 +0000"
    return mail


def encoded(text, name, encoding):
    mail = email.message.Message()
    headed(mail, name)
    charset = email.charset.Charset("utf-8")
    charset.body_encoding = encoding
    mail.set_payload(text.encode("utf-8"), charset)
    return mail.as_bytes()


def mixed(text, name):
    mail = headed(MIMEMultipart("mixed"), name)
    mail.attach(MIMEText("See below.\n\nThanks.\n", "plain", "utf-8"))
    part = MIMEText(text, "x-patch", "utf-8")
    part.add_header("Content-Disposition", "attachment", filename=f"{name}.patch")
    mail.attach(part)
    return mail.as_bytes()


for path in sorted(pathlib.Path(sys.argv[1]).glob("*.patch")):
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        continue
    # What begins as a mail is one already: its patch alone goes on.
    start = min((at for at in (text.find("\n---\n"), text.find("\ndiff --git "), text.find("\n--- "))
                 if at >= 0), default=-1)
    text = "Why.\n" + text[start:] if start >= 0 else text
    stem = path.with_suffix("")
    stem.with_suffix(".qp").write_bytes(encoded(text, path.stem, email.charset.QP))
    stem.with_suffix(".base64").write_bytes(encoded(text, path.stem, email.charset.BASE64))
    stem.with_suffix(".mixed").write_bytes(mixed(text, path.stem))
    stem.with_suffix(".crlf").write_bytes(
        headed(email.message.Message(), path.stem).as_bytes().replace(b"\n", b"\r\n")
        + text.encode("utf-8").replace(b"\n", b"\r\n"))
