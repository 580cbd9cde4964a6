using BenchmarkDotNet.Attributes;
using Sallyport.Protocols.Postgres;
using Sallyport.Protocols.Wire;

namespace Sallyport.Micro.Postgres;

/// <summary>Walking over the headers of a receive buffer full of small messages: what every forwarded byte costs at least. 0 bytes.</summary>
public class FrameScanBench
{
    private const int MaxLength = 0x3fffffff;

    private byte[] _buffer = [];

    /// <summary>Messages in the buffer.</summary>
    public const int Messages = 1000;

    [GlobalSetup]
    public void Setup()
    {
        using var writer = new PgWriter();
        for (int i = 0; i < Messages; i++)
        {
            writer.Begin(BackendMessage.DataRow).Int16(1).Int32(8).Bytes("12345678"u8);
            writer.End();
        }

        _buffer = writer.Written.ToArray();
        Sample.Require(Scan() == Messages, "every message is found");
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public int Scan()
    {
        int found = 0;
        ReadOnlySpan<byte> rest = _buffer;
        while (PgFrame.TryParse(rest, MaxLength, out PgFrame frame) == ParseStatus.Done)
        {
            rest = rest[frame.TotalLength..];
            found++;
        }

        return found;
    }
}
