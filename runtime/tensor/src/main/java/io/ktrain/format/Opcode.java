package io.ktrain.format;

/** The operations of pickle protocols 2 to 5, by Python's names. Those of older protocols are not among them. */
enum Opcode {
  MARK('('),
  STOP('.'),
  POP('0'),
  POP_MARK('1'),
  DUP('2'),
  BININT('J'),
  BININT1('K'),
  BININT2('M'),
  NONE('N'),
  BINPERSID('Q'),
  REDUCE('R'),
  BINSTRING('T'),
  SHORT_BINSTRING('U'),
  BINUNICODE('X'),
  APPEND('a'),
  BUILD('b'),
  GLOBAL('c'),
  APPENDS('e'),
  BINGET('h'),
  LONG_BINGET('j'),
  BINPUT('q'),
  LONG_BINPUT('r'),
  SETITEM('s'),
  TUPLE('t'),
  SETITEMS('u'),
  EMPTY_DICT('}'),
  EMPTY_LIST(']'),
  EMPTY_TUPLE(')'),
  BINFLOAT('G'),
  BINBYTES('B'),
  SHORT_BINBYTES('C'),
  PROTO(0x80),
  NEWOBJ(0x81),
  TUPLE1(0x85),
  TUPLE2(0x86),
  TUPLE3(0x87),
  NEWTRUE(0x88),
  NEWFALSE(0x89),
  LONG1(0x8a),
  LONG4(0x8b),
  SHORT_BINUNICODE(0x8c),
  BINUNICODE8(0x8d),
  BINBYTES8(0x8e),
  EMPTY_SET(0x8f),
  ADDITEMS(0x90),
  FROZENSET(0x91),
  NEWOBJ_EX(0x92),
  STACK_GLOBAL(0x93),
  MEMOIZE(0x94),
  FRAME(0x95),
  BYTEARRAY8(0x96);

  private static final Opcode[] BY_BYTE = new Opcode[256];

  static {
    for (Opcode op : values()) BY_BYTE[op.code] = op;
  }

  final int code;

  Opcode(int code) {
    this.code = code;
  }

  /** Null where protocols 2 to 5 have none. */
  static Opcode of(int code) {
    return BY_BYTE[code];
  }
}
