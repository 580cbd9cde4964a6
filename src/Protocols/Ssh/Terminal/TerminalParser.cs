namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>
/// Takes a terminal's input apart: Paul Williams' state machine ("A parser for DEC's ANSI-compatible video terminals", vt100.net), for UTF-8:
/// bytes from 0x80 are parts of characters and never C1 controls. DCS is skipped as the other strings are, so its states are one with theirs.
/// Bounded, linear, and for any bytes without an exception.
/// </summary>
public sealed class TerminalParser(ITerminalTarget target)
{
    /// <summary>Kept of an OSC. Longer ones are titles and clipboards, which nobody here reads.</summary>
    public const int MaxOsc = 256;

    private const byte Esc = 0x1b, Can = 0x18, Sub = 0x1a, Bel = 0x07, Del = 0x7f;

    private readonly TerminalParameters _parameters = new();
    private readonly byte[] _osc = new byte[MaxOsc];
    private int _oscLength;
    private State _state;
    private byte _prefix;
    private byte _intermediate;

    // UTF-8: what is known of the character, how many bytes are to come, and the least value that so many bytes may stand for.
    private int _rune;
    private int _missing;
    private int _least;

    private enum State : byte
    {
        Ground,
        Escape,
        EscapeIntermediate,
        CsiEntry,
        CsiParameter,
        CsiIntermediate,
        CsiIgnore,
        Osc,
        String,
    }

    /// <summary>True between sequences and characters.</summary>
    public bool IsGround => _state == State.Ground && _missing == 0;

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (IsGround)
            {
                int run = bytes.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e);
                if (run < 0)
                    run = bytes.Length;
                if (run > 0)
                {
                    target.Print(bytes[..run]);
                    bytes = bytes[run..];
                    continue;
                }
            }
            else if (_state is State.Osc or State.String)
            {
                int run = bytes.IndexOfAnyInRange((byte)0, (byte)0x1f);
                if (run < 0)
                    run = bytes.Length;
                Keep(bytes[..run]);
                bytes = bytes[run..];
                if (bytes.IsEmpty)
                    return;
            }

            Byte(bytes[0]);
            bytes = bytes[1..];
        }
    }

    private void Byte(byte value)
    {
        if (_missing > 0 && (value & 0xc0) != 0x80)
        {
            _missing = 0;
            target.Print(0xfffd);
        }

        // From anywhere: ESC begins a sequence anew (and ends a string, as ST does), CAN and SUB end one.
        switch (value)
        {
            case Esc:
                EndOsc();
                Enter(State.Escape);
                return;
            case Can or Sub:
                _state = State.Ground;
                return;
        }

        switch (_state)
        {
            case State.Ground: Ground(value); break;
            case State.Osc or State.String:
                // xterm ends an OSC at BEL; other controls within strings mean nothing.
                if (value == Bel && _state == State.Osc)
                {
                    EndOsc();
                    _state = State.Ground;
                }

                break;
            default:
                if (value < 0x20)
                    target.Execute(value);
                else if (value >= 0x80)
                    _state = State.Ground;
                else if (value != Del)
                    Sequence(value);
                break;
        }
    }

    private void Ground(byte value)
    {
        if (value < 0x20)
            target.Execute(value);
        else if (value < Del)
            target.Print([value]);
        else if (value > Del)
            Utf8(value);
    }

    private void Utf8(byte value)
    {
        if (_missing > 0)
        {
            _rune = (_rune << 6) | (value & 0x3f);
            if (--_missing == 0)
                target.Print(_rune < _least || _rune > 0x10ffff || _rune is >= 0xd800 and < 0xe000 ? 0xfffd : _rune);
            return;
        }

        (_missing, _rune, _least) = value switch
        {
            >= 0xc2 and < 0xe0 => (1, value & 0x1f, 0x80),
            >= 0xe0 and < 0xf0 => (2, value & 0x0f, 0x800),
            >= 0xf0 and < 0xf5 => (3, value & 0x07, 0x10000),
            _ => (0, 0, 0),
        };
        if (_missing == 0)
            target.Print(0xfffd);
    }

    private void Enter(State state)
    {
        _state = state;
        _parameters.Clear();
        _prefix = _intermediate = 0;
        _oscLength = 0;
    }

    private void Sequence(byte value)
    {
        switch (_state)
        {
            case State.Escape:
                Escape(value);
                break;
            case State.EscapeIntermediate:
                if (value >= 0x30)
                    End(value, csi: false);
                break;
            case State.CsiIgnore:
                if (value >= 0x40)
                    _state = State.Ground;
                break;
            default:
                Csi(value);
                break;
        }
    }

    private void Escape(byte value)
    {
        switch (value)
        {
            case (byte)'[': Enter(State.CsiEntry); break;
            case (byte)']': Enter(State.Osc); break;
            case (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_': Enter(State.String); break;
            case < 0x30:
                _intermediate = value;
                _state = State.EscapeIntermediate;
                break;
            default:
                End(value, csi: false);
                break;
        }
    }

    private void Csi(byte value)
    {
        switch (value)
        {
            case >= 0x40:
                End(value, csi: true);
                break;
            case < 0x30:
                // A second intermediate byte makes a sequence that nothing here knows.
                _state = _intermediate == 0 ? State.CsiIntermediate : State.CsiIgnore;
                _intermediate = value;
                break;
            case >= (byte)'<' when _state == State.CsiEntry:
                _prefix = value;
                _state = State.CsiParameter;
                break;
            case >= (byte)'<':
                _state = State.CsiIgnore;
                break;
            case var _ when _state == State.CsiIntermediate:
                _state = State.CsiIgnore;
                break;
            case (byte)';' or (byte)':':
                _state = State.CsiParameter;
                _parameters.Separate(colon: value == ':');
                break;
            default:
                _state = State.CsiParameter;
                _parameters.Digit(value - '0');
                break;
        }
    }

    private void End(byte final, bool csi)
    {
        _state = State.Ground;
        if (csi)
            target.Csi(_parameters, _prefix, _intermediate, final);
        else
            target.Escape(_intermediate, final);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_state != State.Osc)
            return;
        bytes = bytes[..Math.Min(bytes.Length, MaxOsc - _oscLength)];
        bytes.CopyTo(_osc.AsSpan(_oscLength));
        _oscLength += bytes.Length;
    }

    private void EndOsc()
    {
        if (_state == State.Osc)
            target.Osc(_osc.AsSpan(0, _oscLength));
    }
}
