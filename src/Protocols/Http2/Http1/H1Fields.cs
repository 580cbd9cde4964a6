using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>
/// The field lines of a head (RFC 9112 5): checked first, with what delimits the body and steers the connection taken note of, and then added to a head.
/// Twice over the lines, because what stands first in a head (<c>:authority</c>) may come last in the message.
/// </summary>
internal ref struct H1Fields
{
    public ReadOnlySpan<byte> Host;
    public bool HasHost;
    public bool HasCoding;
    public bool Close;
    public bool KeepAlive;
    public bool ExpectContinue;
    public H1Upgrade Upgrade;

    private bool _hasUpgrade;
    private bool _upgradeListed;
    private bool _hasLength;
    private long _length;

    /// <summary>-1: there is no Content-Length.</summary>
    public readonly long ContentLength => _hasLength ? _length : -1;

    /// <summary>What the fields say of the body's end; <see cref="H1Body.None"/> with neither of the two.</summary>
    public readonly H1Framing Framing => HasCoding ? new H1Framing(H1Body.Chunked) : H1Framing.OfLength(Math.Max(0, ContentLength));

    /// <summary>Reads every line, up to and with the empty one.</summary>
    public HttpViolation? Check(ReadOnlySpan<byte> lines, int minor)
    {
        for (ReadOnlySpan<byte> line = H1Lines.Next(ref lines); !line.IsEmpty; line = H1Lines.Next(ref lines))
        {
            if (!TrySplit(line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
                return H1Faults.FieldName;
            if (Note(name, value) is { } fault)
                return fault;
        }

        if (HasCoding && _hasLength)
            return H1Faults.CodingAndLength;
        if (HasCoding && minor == 0)
            return H1Faults.CodingIn10;
        // Neither may be listed without the other field; an Upgrade that Connection does not list is not for us (RFC 9110 7.8), nor is one of HTTP/1.0.
        if (!_hasUpgrade || !_upgradeListed || minor == 0)
            Upgrade = H1Upgrade.None;
        return null;
    }

    /// <summary>Adds every field but Host and Transfer-Encoding: the one is <c>:authority</c>, the other is the connection's own (RFC 9110 7.6.1).</summary>
    /// <param name="hasLength">False: without Content-Length, too.</param>
    /// <param name="hasUpgrade">False: without Upgrade, too. Nobody who asks the head is to take for an upgrade what is none to this connection (RFC 9110 7.8: a server may ignore the field).</param>
    public static bool TryAdd(ReadOnlySpan<byte> lines, HttpHead into, bool hasLength = true, bool hasUpgrade = true)
    {
        for (ReadOnlySpan<byte> line = H1Lines.Next(ref lines); !line.IsEmpty; line = H1Lines.Next(ref lines))
        {
            if (!TrySplit(line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
                return false;
            if (FieldRules.EqualsIgnoringCase(name, "host"u8) || FieldRules.EqualsIgnoringCase(name, "transfer-encoding"u8)
                || (!hasLength && FieldRules.EqualsIgnoringCase(name, "content-length"u8)) || (!hasUpgrade && FieldRules.EqualsIgnoringCase(name, "upgrade"u8)))
                continue;
            if (!H1Bytes.TryAddLowered(into, name, value))
                return false;
        }

        return true;
    }

    /// <summary>field-name ":" OWS field-value OWS (RFC 9112 5.1): no whitespace before the colon.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int colon = line.IndexOf((byte)':');
        name = colon < 0 ? default : line[..colon];
        value = H1Bytes.TrimOws(line[(colon + 1)..]);
        return FieldRules.IsToken(name) && name.Length <= H1Bytes.LongestName;
    }

    private HttpViolation? Note(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 4 when FieldRules.EqualsIgnoringCase(name, "host"u8):
                if (HasHost)
                    return H1Faults.Host;
                HasHost = true;
                Host = value;
                return null;
            case 6 when FieldRules.EqualsIgnoringCase(name, "expect"u8):
                ExpectContinue = FieldRules.EqualsIgnoringCase(value, "100-continue"u8);
                return ExpectContinue ? null : H1Faults.Expect;
            case 7 when FieldRules.EqualsIgnoringCase(name, "upgrade"u8):
                return NoteUpgrade(value);
            case 10 when FieldRules.EqualsIgnoringCase(name, "connection"u8):
                return NoteConnection(value);
            case 14 when IsLike(name, "content-length"u8):
                return NoteLength(name, value);
            case 17 when IsLike(name, "transfer-encoding"u8):
                return NoteCoding(name, value);
            default:
                return null;
        }
    }

    /// <summary>The same name, or the one that gateways to CGI and its children take for it.</summary>
    private static bool IsLike(ReadOnlySpan<byte> name, ReadOnlySpan<byte> framing)
    {
        for (int i = 0; i < name.Length; i++)
        {
            byte other = name[i] == '_' ? (byte)'-' : (byte)(name[i] | 0x20);
            if (other != framing[i])
                return false;
        }

        return true;
    }

    /// <summary>Digits, once. RFC 9110 8.6 would allow equal values to be merged; that others merge differently is the attack.</summary>
    private HttpViolation? NoteLength(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.Contains((byte)'_'))
            return H1Faults.Spelling;
        if (_hasLength || !H1Bytes.TryNumber(value, out _length))
            return H1Faults.ContentLength;
        _hasLength = true;
        return null;
    }

    private HttpViolation? NoteCoding(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.Contains((byte)'_'))
            return H1Faults.Spelling;
        if (HasCoding)
            return H1Faults.Codings;
        HasCoding = true;
        return FieldRules.EqualsIgnoringCase(value, "chunked"u8) ? null : H1Faults.Coding;
    }

    /// <summary>#connection-option, each a token (RFC 9110 7.6.1). Whoever lists other fields in it has them treated by the rules of heads.</summary>
    private HttpViolation? NoteConnection(ReadOnlySpan<byte> value)
    {
        foreach (Range range in value.Split((byte)','))
        {
            ReadOnlySpan<byte> option = H1Bytes.TrimOws(value[range]);
            if (!FieldRules.IsToken(option))
                return H1Faults.Connection;
            Close |= FieldRules.EqualsIgnoringCase(option, "close"u8);
            KeepAlive |= FieldRules.EqualsIgnoringCase(option, "keep-alive"u8);
            _upgradeListed |= FieldRules.EqualsIgnoringCase(option, "upgrade"u8);
        }

        return null;
    }

    /// <summary>protocol-name ["/" protocol-version], of which we want one (RFC 9110 7.8).</summary>
    private HttpViolation? NoteUpgrade(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || _hasUpgrade)
            return H1Faults.Upgrade;
        Upgrade = FieldRules.EqualsIgnoringCase(value, "websocket"u8) ? H1Upgrade.WebSocket
            : FieldRules.EqualsIgnoringCase(value, "SPDY/3.1"u8) ? H1Upgrade.Spdy31
            : H1Upgrade.Other;
        _hasUpgrade = true;
        return null;
    }
}
