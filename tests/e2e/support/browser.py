"""A browser without scripts: it follows redirections, keeps cookies, and sends the forms of pages."""

import html.parser
import http.client
import ssl
import urllib.parse

import boto3


class Forms(html.parser.HTMLParser):
    """The forms of a page: action, fields and buttons."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.inputs, self.area = [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append((given.get("action"), given.get("method", "get"), {}, []))
        elif tag == "input" and self.forms:
            self.forms[-1][2][given.get("name")] = given.get("value", "")
        elif tag == "button" and self.forms:
            self.forms[-1][3].append((given.get("name"), given.get("value")))
        elif tag == "textarea" and self.forms:
            self.area = given.get("name")
            self.forms[-1][2][self.area] = ""

    def handle_data(self, data):
        if self.area:
            self.forms[-1][2][self.area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None


class Page:
    def __init__(self, status, headers, text, place):
        self.status, self.headers, self.text, self.place = status, headers, text, place

    def form(self, part):
        """The fields of the first form whose action, or a field, has this in it."""
        for action, _, fields, _ in Forms(self.text).forms:
            if part in (action or "") or part in fields.values():
                return action, dict(fields)
        raise AssertionError(f"no form with {part} in {self.place}: {self.text[:2000]}")


class Browser:
    def __init__(self, server, host=None, certificates=None):
        self.port, self.host, self.certificates = server.port, host or f"127.0.0.1:{server.port}", certificates
        self.cookies = {}

    def is_signed_in(self):
        return any(name.startswith("iamd-console-") for name in self.cookies)

    def open(self, place, form=None, follow=True, **headers):
        scheme = "https" if self.certificates else "http"
        if self.certificates:
            context = ssl.create_default_context(cafile=self.certificates)
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"Host": self.host, "User-Agent": "Mozilla/5.0 (test)", "Sec-Fetch-Site": "none"}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body, method = None, "GET"
        if form is not None:
            body, method = urllib.parse.urlencode(form), "POST"
            given |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"{scheme}://{self.host}"}
            given["Sec-Fetch-Site"] = "same-origin"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, place, body, {name: value for name, value in given.items() if value is not None})
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        page = Page(answer.status, answer.headers, answer.read().decode(errors="replace"), place)
        location = answer.headers.get("Location")
        if follow and location and location.startswith("/"):
            return self.open(location)
        return page

    def copy(self):
        """Another browser with the same cookies, as a thief has."""
        other = type(self)(self, self.host, self.certificates)
        other.cookies = dict(self.cookies)
        return other

    def send(self, page, part, **fields):
        """Sends a form of a page, with these fields filled in."""
        action, given = page.form(part)
        return self.open(action, {**given, **fields})

    def sign_in(self, account, password, user=None, next_page=""):
        return self.open("/console/signin", self.sign_in_form(account, password, user, next_page))

    def sign_in_form(self, account, password, user=None, next_page=""):
        """The form of the sign-in page, with its token, filled in."""
        query = {"account": account, "as": "user" if user else "root", "next": next_page}
        _, form = self.open("/console/signin?" + urllib.parse.urlencode(query)).form("/console/signin")
        return form | {"password": password} | ({"user": user} if user else {})


def events(server):
    """CloudTrail's client, which has answers in JSON."""
    return boto3.Session("test", "test", region_name="us-east-1").client("cloudtrail", endpoint_url=server.endpoint)
