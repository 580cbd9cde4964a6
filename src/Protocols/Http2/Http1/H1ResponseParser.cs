using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>Reads heads of responses (RFC 9112 4), as strictly as <see cref="H1RequestParser"/>: what a target is allowed to confuse, it confuses for its clients. Every fault is 502.</summary>
internal sealed class H1ResponseParser(H1Limits limits)
{
    private H1Lines _lines;

    /// <param name="buffer">From the head's first byte on; each call has at least what the one before had, until one is done.</param>
    /// <param name="asked">Of the request that this answers.</param>
    /// <param name="into">Gets <c>:status</c> and all fields but Transfer-Encoding.</param>
    /// <param name="consumed">Bytes of the head, when done; 0 otherwise.</param>
    public ParseStatus TryParse(ReadOnlySpan<byte> buffer, H1Asked asked, HttpHead into, out int consumed, out H1ResponseFacts facts, out HttpViolation? violation)
    {
        consumed = 0;
        facts = default;
        ParseStatus status = _lines.Find(buffer, limits, maySkip: false, out int end, out violation);
        if (status == ParseStatus.Done)
        {
            _lines = default;
            into.Clear();
            violation = Read(buffer[..end], asked, into, out facts);
            consumed = violation is null ? end : 0;
        }

        if (violation is null)
            return status;
        violation = H1Faults.OfTarget(violation);
        return ParseStatus.Malformed;
    }

    private static HttpViolation? Read(ReadOnlySpan<byte> lines, H1Asked asked, HttpHead into, out H1ResponseFacts facts)
    {
        facts = default;
        ReadOnlySpan<byte> line = H1Lines.Next(ref lines);
        // status-line = HTTP-version SP status-code SP [ reason-phrase ]; the phrase says nothing and goes nowhere.
        if (line.Length < 13 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ' || line[12] != ' '
            || !H1Bytes.TryNumber(line[9..12], out long status) || status is < 100 or > 599)
            return H1Faults.StatusLine;

        int minor = line[7] - '0';
        var fields = default(H1Fields);
        if (fields.Check(lines, minor) is { } fault)
            return fault;
        fault = FindEnd((int)status, asked, ref fields, out H1Framing framing);
        if (fault is not null)
            return fault;

        bool keepAlive = framing.Body is not (H1Body.UntilClose or H1Body.Tunnel) && !fields.Close && (minor == 1 || fields.KeepAlive);
        facts = new H1ResponseFacts((int)status, minor, framing, keepAlive, fields.Upgrade);
        // A length of nothing is said by many servers where none may be said (RFC 9110 8.6); it is not passed on.
        bool mayHaveLength = status is >= 200 and not 204;
        return into.TryAdd(":status"u8, line[9..12]) && H1Fields.TryAdd(lines, into, mayHaveLength) ? null : H1Faults.TooManyFields;
    }

    /// <summary>RFC 9112 6.3, in its order.</summary>
    private static HttpViolation? FindEnd(int status, H1Asked asked, ref H1Fields fields, out H1Framing framing)
    {
        framing = default;
        bool isTunnel = status == 101 || (asked.Connect && status is >= 200 and < 300);
        if (isTunnel || status is < 200 or 204)
        {
            if (status == 101 && (!asked.Upgrade || fields.Upgrade == H1Upgrade.None))
                return H1Faults.NotAsked;
            if (fields.HasCoding || fields.ContentLength > 0)
                return H1Faults.BodyForbidden;
            framing = new H1Framing(isTunnel ? H1Body.Tunnel : H1Body.None);
            return null;
        }

        // Both may say how long the body would have been.
        if (asked.Head || status == 304)
            return null;
        framing = fields.HasCoding || fields.ContentLength >= 0 ? fields.Framing : new H1Framing(H1Body.UntilClose);
        return null;
    }
}
