"""What anybody wrote, cleaned for the report: it reads the same, and nothing in it runs."""

import re

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_lib.headless.report.clean import clean

ANCHORS = {"04_role", "not-emulated"}
PICTURE = "data:image/png;base64,AAAA"
HOSTILE = [
    # what runs by itself
    "<script>x()</script>",
    "<ScRiPt/x>x()</sCrIpT >",
    "<script><!--<script></script>--></script><b>x",
    "<script",
    "<img src=x onerror=x()>",
    '<img/src="x"/onerror=x()//',
    f"<img src='{PICTURE}' onload=x() OnError = 'x()'>",
    "<b onmouseover\n=\nx()>b</b>",
    "<p style='background:url(//x)' onclick=x()>p</p>",
    "<style>@import '//x'; body { display: none }</style>",
    "<link rel=stylesheet href=//x><base href=//x><meta http-equiv=refresh content='0;url=//x'>",
    "<iframe src='javascript:x()' srcdoc='<script>x()</script>'></iframe>",
    "<object data=data:text/html,x><embed src=//x></object>",
    "<form action=//x><input autofocus onfocus=x()><button formaction='javascript:x()'>b</form>",
    "<details open ontoggle=x()>d</details><video><source onerror=x()></video>",
    "<template><script>x()</script></template><slot></slot>",
    "<frameset onload=x()><body onload=x()><html onclick=x()>",
    "<isindex action='javascript:x()'><marquee onstart=x()>m</marquee><bgsound src=//x>",
    # where links lead
    "<a href='javascript:x()'>l</a>",
    "<a href=' \x01javascript:x()'>l</a>",
    "<a href='JaVaScRiPt:x()'>l</a>",
    "<a href='java\tscr\nipt:x()'>l</a>",
    "<a href='&#106;avascript&colon;x()'>l</a>",
    "<a href='&#x6A;&#x0A;avascript:x()'>l</a>",
    "<a href='vbscript:x()'>l</a><a href='file:///etc/passwd'>l</a><a href='blob:x'>l</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>l</a>",
    "<a href='//x'>l</a><a href='/\\x'>l</a><a href='../x'>l</a>",
    "<a href='09_x.ipynb'>l</a><a href='04_role.ipynb\" onclick=x()'>l</a>",
    "<a xlink:href='javascript:x()' ping=//x target=_top>l</a>",
    "<map><area href='javascript:x()'></map>",
    # what is a picture
    "<img src='data:text/html,<script>x()</script>'>",
    "<img src='data:image/svg+xml,<svg onload=x()>'>",
    "<img src='data:image/png;base64,AA' srcset='//x 2x' usemap=#m><img src=//x><img>",
    f"<img src='{PICTURE}' width='1e9' height='100%'>",
    "<picture><source srcset=//x><img src=//x></picture><input type=image src=//x>",
    # another language inside
    "<svg onload=x()><script>x()</script><a xlink:href='javascript:x()'>s</a></svg>",
    "<svg><style><img src=x onerror=x()></style></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>x()</script>'></foreignObject></svg>",
    "<svg></p><style><a title='</style><img src onerror=x()>'>",
    "<svg><animate attributeName=href values=javascript:x()></svg>",
    "<math><mi xlink:href='javascript:x()'>m</mi></math>",
    "<math><mtext><table><mglyph><style><!--</style><a title='--&gt;&lt;img src onerror=x()&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=x()>",
    "<math><annotation-xml encoding='text/html'><script>x()</script></annotation-xml></math>",
    # what changes when it is read again
    "<noscript><p title='</noscript><img src=x onerror=x()>'></noscript>",
    "<textarea><a title='</textarea><img src=x onerror=x()>'></textarea>",
    "<title><a title='</title><img src=x onerror=x()>'></title>",
    "<xmp><p title='</xmp><img src=x onerror=x()>'></xmp>",
    "<noembed><img title='</noembed><img src=x onerror=x()>'></noembed>",
    "<select><style></select><img src=x onerror=x()></style></select>",
    "<plaintext><img src=x onerror=x()>",
    "<!--><img src=x onerror=x()>--><!-- --!><img src=x onerror=x()>",
    "<![CDATA[<img src=x onerror=x()>]]><?x <img src=x onerror=x()> ?>",
    "&lt;img src=x onerror=x()&gt;&amp;lt;script&amp;gt;&#60;script&#62;&#x3cscript&#x3e",
    "<a\0b><scr\0ipt>x()</scr\0ipt>\0",
    # what this page does with tables, headings, addresses and Hangul, turned against it
    f"<img src='{PICTURE}' alt='<td>https://x/onerror=x()</td>'>",
    f"<img src='{PICTURE}' alt='<table onclick=x()>\"><h1 onclick=x()><th>한글'>",
    "<img alt=' src=\"data:image/png;base64,AAAA\"' src=x>",
    "<img alt='&quot; src=&quot;data:image/png;base64,AAAA&quot;'>",
    '<table><td>https://x/"onclick="x()"</td><td>https://x/\'&quot;&gt;&lt;script></td></table>',
    "<table><tr><th onclick=x() scope='row\"onclick=x()'>a<th scope=\"col' onclick='x()\">b",
    '<h1 id=\'"><script>x()</script>\'>h</h1><h6 id="a\nb">h</h6><h1><h2></h1>',
    "<p id=proof class='later filtered trouble skip'>p</p><h1 id=proof name=proof>h</h1>",
    # what is not closed, closed twice, or closes what is not its own
    "</p></div></section></main></body></html><p>p",
    "<b><i><a href=https://x><table><tr><td><a href=https://y>" * 20,
    "<div>" * 1000,
    "<p><table><p><table><a><table></a></p>",
    '<a href="https://x',
    "<a href='https://x\"'>l</a><a href=https://x/`onclick=x()>l</a>",
]
TAG = re.compile(r'<(?:/(\w+)|(\w+)((?: [a-z]+="[^"<>]*")*))>')
ATTRIBUTES = {"alt", "class", "height", "href", "id", "lang", "rel", "scope", "src", "width"}
SHOWN = set(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption code dd del details div dl dt em h2 h3 h4 h5 h6 hr i img "
        "kbd li ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead "
        "tr u ul",
    )
)


def cleaned(raw: str) -> str:
    return str(clean(raw, "05_x", ANCHORS))


def harmless(page: str) -> None:
    """Read the page letter by letter: tags of the list, attributes of the list, and text."""
    assert not re.search("[<>]", TAG.sub("", page))
    tags = TAG.findall(page)
    assert {close or start for close, start, _ in tags} <= SHOWN
    attributes = [pair for *_, text in tags for pair in re.findall(r'(\w+)="([^"]*)"', text)]
    assert {name for name, _ in attributes} <= ATTRIBUTES
    assert page.count("<img") == page.count(' src="data:image/')
    for name, value in attributes:
        if name == "href":
            assert re.match("https?://|#05_x[.]|#04_role|#not-emulated$", value)
        elif name == "src":
            assert re.fullmatch(r"data:image/(svg\+xml|png|jpeg);base64,[\w+/=\s]+", value)
        elif name == "id":
            assert value.startswith("05_x.")


def read_again(page: str) -> str:
    """Return the page as a browser writes it down after reading it: that it must not change."""
    every = dict.fromkeys(SHOWN, ATTRIBUTES)
    return nh3.clean(
        page, tags=SHOWN, attributes=every, link_rel=None, url_schemes={"https", "http", "data"}
    )


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: ascii(raw)[:40])
def test_nothing_hostile_gets_through(raw: str) -> None:
    page = cleaned(raw)
    harmless(page)
    assert read_again(page) == page


@settings(deadline=None)  # a machine may be busy
@given(
    st.lists(st.sampled_from(HOSTILE) | st.sampled_from(["<", ">", '"', "'", "&", "한", "<td>"]))
)
def test_nothing_hostile_gets_through_together_either(raw: list[str]) -> None:
    harmless(cleaned("".join(raw)))


@settings(deadline=None)
@given(st.text(alphabet="<>/\"'=&;!-? abhirtdlx#:\n\0한", max_size=60))
def test_no_text_becomes_more_than_text(raw: str) -> None:
    harmless(cleaned(raw))


@pytest.mark.parametrize(
    ("raw", "page"),
    [
        ("<h1 id='A'>A</h1>", '<h2 id="05_x.A">A</h2>'),
        ("<h6>A</h6>", "<h6>A</h6>"),
        ("<a href='#A'>A</a>", '<a href="#05_x.A" rel="noreferrer">A</a>'),
        ("<a href='04_role.ipynb#B'>B</a>", '<a href="#04_role.B" rel="noreferrer">B</a>'),
        ("<a href='02_none.ipynb'>B</a>", '<a rel="noreferrer">B</a>'),
        (
            "<a href='../docs/not-emulated.md'>B</a>",
            '<a href="#not-emulated" rel="noreferrer">B</a>',
        ),
        ("<a href='https://x?a&b'>C</a>", '<a href="https://x?a&amp;b" rel="noreferrer">C</a>'),
        (
            "<table><tr><th>a<th scope=row>b<td data-name='<b>'>x<wbr>y</table>",
            '<div class="scroll"><table><tbody><tr><th scope="col">a</th><th scope="row">b</th>'
            '<td data-name="&lt;b&gt;">x<wbr>y</td></tr></tbody></table>'
            "</div>",
        ),
        ("<p>User 생성, 설정.</p>", '<p>User <span lang="ko">생성, 설정</span>.</p>'),
        (f"<img src='{PICTURE}' alt=' 한 '>", f'<img src="{PICTURE}" alt=" 한 ">'),
        ("a<img src='https://x/y.png' alt='b'>c", "ac"),
        ("<p class='runbook later k'>p", '<p class="runbook k">p</p>'),
        ('<h1>A<a class="anchor-link" href="#A">¶</a></h1>', "<h2>A</h2>"),
        (
            "<title>t</title><textarea>t</textarea><select><option>t</select><svg><text>t</text>"
            "</svg><math><mi>t</mi></math><noscript>t</noscript><iframe>t</iframe>kept",
            "kept",
        ),
        ("<section><form>kept</form></section><style>a{}</style>", "kept"),
    ],
)
def test_what_a_reader_needs_stays(raw: str, page: str) -> None:
    assert cleaned(raw) == page
