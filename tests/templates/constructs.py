"""What jinja2 prints for each of these sources in transformers' environment; run once with transformers 5.24, jinja2 3.1.6.

Writes constructs.json beside itself: a list of [source, output], or [source, null] where Python raises.
"""

import json
import pathlib

from transformers.utils.chat_template_utils import render_jinja_template

HERE = pathlib.Path(__file__).parent
CHAT = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yo."}]

EXPRESSIONS = r"""
'é\n'.encode()
"it's".encode()
'é'.encode('latin-1')
'é'.encode('ascii')
'aé'.encode('ascii', 'ignore')
'aé'.encode('ascii', errors='replace')
'é'.encode('utf-8').decode('utf-8')
'é'.encode().decode('ascii', 'replace')
'é'.encode().hex()
'é'.encode()|length
'é'.encode()|list
'a'.encode() == 'a'.encode()
'a'.encode()|tojson
'a' ~ 'b'.encode()
'x'.encode('nope')
'abc'.translate({97: 'x', 98: none, 99: 100})
'abc'.translate(''.maketrans('ab', 'xy', 'c'))
'abc'.translate(''.maketrans({'a': 'xyz'}))
''.maketrans('ab', 'x')
''.maketrans('a')
'see http://example.com/a?b=1&c=2, or (www.example.org).'|urlize
'example.com <https://x.net/y(z)> a@b.org mailto:c@d.com @e@f'|urlize
'http://example.com/long/path'|urlize(10)
'http://example.com'|urlize(target='_blank', rel='me', nofollow=true)
'tel:123 ftp://x.y z'|urlize(extra_schemes=['tel:', 'ftp://'])
'x'|urlize(extra_schemes=['!'])
'http://1.2.3.4:80/x https://[::1]/ http://localhost nope.xyz a.b.com.'|urlize
'((http://a.com)) &lt;http://a.com&gt; http://a.com/(b'|urlize
42|urlize
[7]|random
''|random
['a']|random ~ 'b'
'a'.ljust(3)
'a'.center(5)
'<b>x</b>'|striptags
'a b&c'|urlencode
{1:2}|tojson
"it's".title()
'a\u2028b'.splitlines()
(1,2)
'a:b'.partition(':')
'%s=%d' % ('a', 3)
'a b c'.split(maxsplit=1)
'a b'.rsplit()
' a  b '.rsplit(maxsplit=1)
' a  b '.split(None, 1)
'a,b,,c'.split(',')
'a,b,c'.rsplit(',', 1)
'abc'.index('b')
'abc'.index('z')
'abc'.find('a', 1)
'abcabc'.rfind('b', 0, 4)
'abc'.startswith('b', 1)
'abc'.startswith(('x', 'a'))
'abc'.endswith('c', 0, 2)
'7'.zfill(3)
'-7'.zfill(4)
'a'.ljust(3) ~ '|'
'a'.rjust(3, '.')
'a'.center(4, '*')
'ab'.center(5, '*')
'Ab'.swapcase()
'ß'.casefold()
'ß'.upper()
'12'.isdecimal()
'²'.isdigit()
'½'.isnumeric()
'a1'.isalnum()
'Ab c'.istitle()
'a\tb'.expandtabs(4)
'aaa'.count('a', 1)
'aaa'.replace('a', 'b', 2)
'abc'.replace('', '-')
''.replace('', '-')
'abc'.removeprefix('a').removesuffix('c')
'xxabcx'.strip('x')
'xxabcx'.lstrip('x')
'a:b:c'.partition(':')
'a:b:c'.rpartition(':')
'abc'.partition(':')
"it's they're".title()
"it's a-b (c)"|title
'hELLO wORLD'|capitalize
'a\u2028b\r\nc\x0bd'.splitlines()
'a\nb\n'.splitlines(true)
'{} {1}'.format(1, 2)
'{0} {1} {0}'.format('a', 'b')
'{a:>5}|{b:<4}|{c:^5}|{d:06.2f}|{e:,}'.format(a='x', b='y', c='z', d=3.14159, e=1234567)
'{!r} {:x} {:#o} {:e} {:g} {:%}'.format('a', 255, 8, 12345.678, 0.00001, 0.25)
'{0[a]} {0[b][1]}'.format({'a': 1, 'b': [2, 3]})
'%5.2f|%-5s|%05d|%x|%r|%%' % (3.14159, 'ab', 42, 255, "it's")
'%(a)s-%(b)s' % {'a': 1, 'b': none}
'%s' % none
'%s %s' % ('a',)
'%d' % 'a'
'%s' % [1, 2]
','.join(['a', 'b'])
','.join([1])
'abc'[::-1]
'abcdef'[1:5:2]
'abcdef'[-3:]
'abcdef'[:-2]
'abc'[5:]
'abc'[-1]
'abc'[7]
[1, 2, 3][::-1]
[1,2].index(2)
[1,2].index(5)
[1, 2, 1].count(1)
(1, 2, 3)[1:]
(1,)
()
{'a':1}.copy()
dict([('a',1)])
dict({'a': 1}, b=2)
dict.fromkeys(['a'],0)
namespace({'a':1}, b=2).a
namespace(a=1)
{'a': 1}.get('b')
{'a': 1}.get('b', 3)
{'a': 1, 'b': 2}.items()
{'a': 1, 'b': 2}.values()|list
{1:2}.keys()
{'a': 1}.pop('a')
[1].append(2)
{'a': 1}.update({'b': 2})
{'items': 3}['items']
{'a': {'b': 1}}.a.b
{'a': 1}.b is defined
{'a': 1}.b.c
none.a is defined
none.a.b
nope
nope.a
nope()
nope + 'a'
nope ~ 'a'
nope|length
nope|list
nope|upper
nope == nope2
nope in [1]
1 in nope
nope is sequence
nope is iterable
'a' in none
1 in 'a'
'x'|int
' 5 '|int
'5.7'|int
'0x1f'|int(base=16)
'1_000'|int
none|int
nope|int
'x'|int(3)
'x'|float
'1e3'|float
' 2.5 '|float
true|int
3.9|int
'hello world foo'|truncate(8)
'hello world foo bar'|truncate(9, true)
'hello world foo bar'|truncate(9, false, '…', 0)
'a b'|wordcount
'a b c d'|wordwrap(3)
'hello wonderful-world of wrapping'|wordwrap(10)
'abcdefghij kl'|wordwrap(4)
'<b>x</b> &amp; y'|striptags
'a b&c/d'|urlencode
{'a': 'b c', 'd': 1}|urlencode
1024|filesizeformat
1000000|filesizeformat
1048576|filesizeformat(true)
1|filesizeformat
'a\nb'|indent('> ')
'a\n\nb\n'|indent(2, true)
'a\n\nb'|indent(2, blank=true)
'<a href="x">'|escape
'  a '|trim ~ '|'
'xxaxx'|trim('x')
'abab'|replace('a', 'c', 1)
'a'|center(5) ~ '|'
[3, 1, 2]|sort
['b', 'A', 'c']|sort
['b', 'A', 'c']|sort(case_sensitive=true)
[3, 1, 2]|sort(reverse=true)
[{'a': 2}, {'a': 1}]|sort(attribute='a')
[1, 'a']|sort
['a', 'A', 'b']|unique|list
[1, 2, 3]|sum
[{'a': 1}, {'a': 2}]|sum(attribute='a')
[[1], [2]]|sum(start=[])
[1.5, 2]|sum
[3, 1]|min
[3, 1]|max
[]|max is defined
[1, 2, 3]|first
[1, 2, 3]|last
[]|first is defined
'abc'|first
'abc'|last
'abc'|list
{'a': 1}|list
{'b': 1, 'a': 2}|dictsort
{'b': 1, 'a': 2}|dictsort(by='value', reverse=true)
{'a': 1}|items|list
[1, 2, 3, 4, 5]|batch(2)|list
[1, 2, 3]|batch(2, 0)|list
[1, 2, 3, 4, 5]|slice(2)|list
[1, 2, 3]|slice(2, 'x')|list
[1, 2, 3]|reverse|list
'abc'|reverse
[1, 2, 3, 4]|select('even')|list
[1, 2, 3, 4]|reject('gt', 2)|list
[0, 1, '', 'a']|select|list
[{'a': 1}, {'b': 2}]|selectattr('a')|list
[{'a': 1}, {'a': 2}]|selectattr('a', 'equalto', 2)|list
[{'a': 1}, {'a': 2}]|rejectattr('a', 'eq', 2)|list
[{'a': 1}, {'b': 2}]|map(attribute='a')|list
[{'a': 1}, {'b': 2}]|map(attribute='a', default=0)|list
['a', 'b']|map('upper')|join(', ')
[{'a': {'b': 1}}]|map(attribute='a.b')|list
[[1, 2], [3, 4]]|map(attribute=1)|list
[{'k': 'x', 'v': 1}, {'k': 'y', 'v': 2}, {'k': 'x', 'v': 3}]|groupby('k')
['a', 1, none, true, 1.0]|join('-')
[{'a': 1}, {'a': 2}]|join(',', attribute='a')
{'class': 'a', 'id': none, 'x': '"'}|xmlattr
3.14159|round(2)
2.5|round
3.5|round
2.675|round(2)
1234.5|round(-2)
7|round
7.2|round(method='ceil')
7.8|round(0, 'floor')
-3|abs
-2.5|abs
'%s and %s'|format('a', 1)
'%(a)s'|format(a=1)
1e-05
1e-07
1e16
1e15
-0.0
2.0
0.1 + 0.2
1 / 3
4 / 2
7 // 2
-7 // 2
7 % 3
-7 % 3
7.5 // 2
2 ** 10
2 ** -1
2 ** 0.5
1 / 0
10 ** 20
1_000
0xff
'a' * 3
[1] * 2
'a' + 1
1 + 'a'
[1] + [2]
(1,) + (2,)
true + 1
none
true
not none
[none, true, 1.0, 'a', "it's", 'a"b\'c', '\n', '\u00e9', '\x01', {'a': [1e-07]}]
{'a': none, 1: (1,), 'b': {'c': 1.5}}
1 ~ none ~ true ~ 1e-07 ~ [1, 'a']
[1e-07, none]|string
'é\n"\\/<>&\x01\u2028'|tojson
{'é': 'ü'}|tojson(ensure_ascii=true)
'😀'|tojson(ensure_ascii=true)
{1: 2, none: 3, true: 4, 1.5: 5}|tojson
{'b': [1, {}, []], 'a': {}}|tojson(indent=2)
{'b': 1, 'a': 2}|tojson(sort_keys=true)
{'b': 1, 'a': [1, 2]}|tojson(separators=(',', ':'))
[1.0, 1e-07, 1e16, none, true]|tojson
(1, 2)|tojson
nope|tojson
{'a': 1}.keys()|tojson
range(3)
range(3)|list
range(1, 10, 3)|list
range(5, 0, -2)|list
range(3)[1]
range(1000000)
[1, 2]|map('nope')|list
'a'|nope
1 is nope
raise_exception is callable
raise_exception('no')
1 is divisibleby 1
3 is odd
'a' is string
1 is number and true is number
true is integer
1.0 is float
{} is mapping
'' is sequence
[1]|map('string')|list is iterable
none is none
1 is sameas 1
'A' is upper
'a' is lower
'a' is in ['a']
1 is eq 1
1 is ne 2
2 is gt 1
'upper' is filter
'odd' is test
1 < 2 < 3
1 < 2 > 5
1 < 'a'
'a' < 'b'
[1, 2] < [1, 3]
none < 1
1 == 1.0
'1' == 1
true == 1
[1] == [1]
{'a': 1} == {'a': 1.0}
not 1 == 2
1 if false
1 if false else 2
(1 if true) ~ 'x'
'a' if nope else 'b'
nope or 'x'
'' or none
1 and 2
nope|default('d')
''|default('d')
''|default('d', true)
none|default('d')
none|d('d', true)
-1|abs
-'a'|length
'a' 'b'
'a\
b'
'\x41\u00e9\101\q\\'
cycler('a','b').next()
joiner(',')()
{'a': 1}|attr('a') is defined
messages[0].content
messages[-1]['role']
messages|length
messages|map(attribute='role')|join(',')
messages[0].items()
messages[0]
messages[5] is defined
messages[0].nope
messages[0].content.nope
messages[0]['nope'].a
loop is defined
[1, 2, 3][1:]|join
'a,b'.split(',')|last
('a', 'b')|join
[[1, 2], [3]]|sum(start=[])|length
'abc' is iterable
'\t a'.strip()
'\x1ca\x1c'.strip()
'\u00a0a'.strip()
'A' | lower | upper
'a' in messages[0]
'role' in messages[0]
documents is none
tools is none
tools is defined
add_generation_prompt
bos_token is defined
"""

TEMPLATES = [
    "{% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, k=3) }}",
    "{% macro f(a, b='x') %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(b=2, a=3) }}{{ f() }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, z=2) }}",
    "{% macro f() %}[{{ caller('x') }}]{% endmacro %}{% call(y) f() %}{{ y }}!{% endcall %}",
    "{% macro f() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ f() }}",
    "{% macro f(n) %}{{ n }}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
    "{% for c in 'Hi.' %}{{ c }}{{ loop.length }}{{ loop.revindex }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for k in {'a': 1, 'b': 2} %}{{ k }}{{ loop.index0 }}{% endfor %}",
    "{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}",
    "{% for i in range(5) if i is odd %}{{ i }}{{ loop.index }}/{{ loop.length }} {% else %}no{% endfor %}",
    "{% for i in [] %}{% else %}none{% endfor %}",
    "{% for i in none %}{% endfor %}",
    "{% for i in nope %}{% else %}empty{% endfor %}",
    "{% for i in 5 %}{% endfor %}",
    "{% for i in [1, 2, 3, 4] %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{{ loop.cycle('a', 'b') }}{{ loop.previtem }}{{ loop.nextitem }} {% endfor %}",
    "{% for i in [[1, [2]], [3]] recursive %}{{ loop.depth }}{% if i is sequence %}({{ loop(i) }}){% else %}{{ i }}{% endif %}{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(x=0) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set (a, b) = (1, 2) %}{{ a + b }}",
    "{% set a, b = [1] %}",
    "{% set x %} a {{ 1 }} {% endset %}[{{ x }}]",
    "{% set x | trim | upper %} a {% endset %}[{{ x }}]",
    "{% filter upper %}a{{ 'b' }}{% endfilter %}",
    "{% filter replace('a', 'b') | upper %}aa{% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}",
    "{% raw %}{{ x }}{% y %}{% endraw %}|",
    "a {# c {{ #} b",
    "a\n{# c #}\nb\n",
    "  {% if true %}\n  a\n  {% endif %}\nb\n\n",
    "x {%- if true -%}  a  {%- endif -%} y",
    "  {%+ if true %}a{% endif +%}\nb",
    "a  {{- 'b' -}}  c",
    "a\r\nb\rc",
    "{{ 'a' }}\n{{ 'b' }}\n",
    "{% if 1 %}a{% elif 2 %}b{% else %}c{% endif %}",
    "{% if nope %}a{% elif [] %}b{% else %}c{% endif %}",
    "{% generation %}a{% endgeneration %}b",
    "{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}",
    "{% block a %}x{% endblock %}",
    "{% autoescape true %}<{% endautoescape %}",
    "{% include 'x' %}",
    "{% if true %}a",
    "{{ 'a }}",
    "{{ 1 + }}",
    "{% nope %}",
    "{{ {'a': {}}}}",
    "{{ {'a': 1}['a'] }}",
    "{%- for m in messages %}{{ m['role'] ~ ': ' ~ m.content }}\n{% endfor -%}",
    "{% for m in messages if m.role == 'user' %}{{ loop.first }}{{ loop.last }}{% endfor %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}",
    "{% set j = joiner('|') %}{{ j() }}a{{ j() }}b",
    "{{ messages[0].content.split('.')[0] }}",
    "{{ '<' }}{{ '&'|safe }}",
    "{% set x = {'a': [1, 2]} %}{% for k, v in x|items %}{{ k }}{{ v[0] }}{% endfor %}",
    "{% for a, b in [[1, 2], [3, 4]] %}{{ a }}{{ b }}{% endfor %}",
    "{% macro f(x) %}{% for i in x %}{{ i }}{% if not loop.last %}{{ f([0]) }}{% endif %}{% endfor %}{% endmacro %}{{ f([1, 2]) }}",
    "{{ [1, 2, 3,] }}{{ {'a': 1,} }}{{ (1, 2,) }}{{ 1, 2 }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | first }}",
    "{{ (messages | last).content }}",
    "{% set s = 'a' %}{% set s = s ~ 'b' %}{{ s }}",
    "{{ 'x' if messages is defined and messages[0].role != 'system' else 'y' }}",
    "{%- set a = 1 -%}\n\n{{ a }}",
    "line\n  {%- if true %} x{% endif %}\n",
]


def main():
    sources = ["{{ " + line + " }}" for line in EXPRESSIONS.strip("\n").replace("'a\\\nb'", "'a\\\x00b'").split("\n")]
    sources = [source.replace("\x00", "\n") for source in sources] + TEMPLATES
    results = []
    for source in sources:
        try:
            out = render_jinja_template([CHAT], chat_template=source)[0][0]
        except Exception:
            out = None
        results.append([source, out])
    (HERE / "constructs.json").write_text(json.dumps(results, indent=0, ensure_ascii=True) + "\n")
    print(len(results), "sources,", sum(out is None for _, out in results), "of them errors")


if __name__ == "__main__":
    main()
