using System.Buffers;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Wire;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// A head of HTTP/1.1, as a request and as a response. Byte by byte it says what it says whole, and what was understood is, written anew, understood the same.
/// </summary>
internal sealed class Http1HeadTarget : ITarget
{
    public string Name => "Http1Head";

    public long MaxAllocation(int inputLength) => (1 << 20) + (64L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        var head = new HttpHead(1 << 16, 100);
        var again = new HttpHead(1 << 16, 100);
        Request(input, head, again);
        foreach (H1Asked asked in new H1Asked[] { default, new(Head: true), new(Connect: true), new(Upgrade: true) })
            Response(input, asked, head, again);
    }

    private static void Request(ReadOnlySpan<byte> input, HttpHead head, HttpHead again)
    {
        ParseStatus status = new H1RequestParser(H1Limits.Default, secure: true).TryParse(input, head, out int consumed, out H1RequestFacts facts, out HttpViolation? violation);
        var slow = new H1RequestParser(H1Limits.Default, secure: true);
        ParseStatus other = ParseStatus.NeedMore;
        int last = 0;
        HttpViolation? fault = null;
        H1RequestFacts found = default;
        for (int end = 1; end <= input.Length && other == ParseStatus.NeedMore; end++)
            other = slow.TryParse(input[..end], again, out last, out found, out fault);
        OracleException.Require(input.IsEmpty || (status, consumed, facts, violation) == (other, last, found, fault), $"whole {status} {violation?.Message}, in bytes {other} {fault?.Message}");
        if (status != ParseStatus.Done)
            return;

        var written = new ArrayBufferWriter<byte>();
        // A path of "*" may have come with a method that has none, and an Upgrade is written only where it is meant.
        H1Ending ending = facts.Upgrades ? H1Ending.Upgrade : facts.KeepAlive ? H1Ending.KeepAlive : H1Ending.Close;
        OracleException.Require(H1Writer.TryWriteRequest(head, facts.Framing, ending, written) is null, "understood, and not to be written");
        status = new H1RequestParser(H1Limits.Default with { StartLine = 1 << 20, FieldLine = 1 << 20, Head = 1 << 20 }, secure: true).TryParse(written.WrittenSpan, again, out consumed, out found, out violation);
        OracleException.Require(status == ParseStatus.Done && consumed == written.WrittenCount && found.Framing == facts.Framing && found.Upgrades == facts.Upgrades, $"written anew it is {status} {violation?.Message}");
        Same(head, again, ":method"u8);
        Same(head, again, ":path"u8);
        Same(head, again, ":authority"u8);
    }

    private static void Response(ReadOnlySpan<byte> input, H1Asked asked, HttpHead head, HttpHead again)
    {
        ParseStatus status = new H1ResponseParser(H1Limits.Default).TryParse(input, asked, head, out int consumed, out H1ResponseFacts facts, out HttpViolation? violation);
        var slow = new H1ResponseParser(H1Limits.Default);
        ParseStatus other = ParseStatus.NeedMore;
        int last = 0;
        HttpViolation? fault = null;
        H1ResponseFacts found = default;
        for (int end = 1; end <= input.Length && other == ParseStatus.NeedMore; end++)
            other = slow.TryParse(input[..end], asked, again, out last, out found, out fault);
        OracleException.Require(input.IsEmpty || (status, consumed, facts, violation) == (other, last, found, fault), $"whole {status} {violation?.Message}, in bytes {other} {fault?.Message}");
        if (status != ParseStatus.Done)
            return;

        var written = new ArrayBufferWriter<byte>();
        H1Ending ending = facts.Framing.Body == H1Body.Tunnel && facts.Upgrade != H1Upgrade.None ? H1Ending.Upgrade : facts.KeepAlive ? H1Ending.KeepAlive : H1Ending.Close;
        OracleException.Require(H1Writer.TryWriteResponse(head, facts.Framing, ending, asked.Head, written) is null, "understood, and not to be written");
        status = new H1ResponseParser(H1Limits.Default with { StartLine = 1 << 20, FieldLine = 1 << 20, Head = 1 << 20 }).TryParse(written.WrittenSpan, asked, again, out consumed, out found, out violation);
        OracleException.Require(status == ParseStatus.Done && consumed == written.WrittenCount && found.Status == facts.Status && found.Framing == facts.Framing, $"written anew it is {status} {violation?.Message}");
    }

    private static void Same(HttpHead head, HttpHead again, ReadOnlySpan<byte> name) =>
        OracleException.Require(head.Value(name).SequenceEqual(again.Value(name)), "written anew it says something else");
}
