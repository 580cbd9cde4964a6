using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Sallyport.Proxy.Audit;

namespace Sallyport.Micro.Audit;

/// <summary>An event made a line of the chain, and a batch of 100 of them appended to a file that is not forced to the disk.</summary>
public class AuditBench
{
    private const int Batch = 100;

    private static readonly AuditEvent Event = new("approval.decided", new AuditActor("alice@example.com", "https://sallyport.example", []))
    {
        Object = "approval:0193c9d2-7a10-7a43-9d0c-6f2f4a1f7f5e",
        Target = "shop",
        RuleId = "support/delete-orders",
        Details = new Dictionary<string, string> { ["action"] = "statement delete", ["decision"] = "approved" },
    };

    private readonly ArrayBufferWriter<byte> _line = new(1024);
    private readonly string _folder = Directory.CreateTempSubdirectory("spm").FullName;
    private AuditFile _file = null!;

    [GlobalSetup]
    public void Setup()
    {
        _file = new AuditFile(Path.Combine(_folder, "audit.jsonl"), AuditChain.Start);
        Append();
        Append();
        int lines = 0;
        foreach ((long line, string what) in AuditChain.Verify(AuditFile.ReadAll(Path.Combine(_folder, "audit.jsonl")).Select(l =>
        {
            lines++;
            return l;
        })))
            Sample.Require(false, $"line {line} {what}");
        Sample.Require(lines == 2 * Batch, "every event is a line");
        Sample.Require(Line() > 100 && Encoding.UTF8.GetString(_line.WrittenSpan).Contains("\"approval.decided\"", StringComparison.Ordinal), "the line says what happened");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _file.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public int Line()
    {
        _line.ResetWrittenCount();
        Write(_line, AuditChain.Start);
        return _line.WrittenCount;
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public long Append() => _file.Append(
        (chain, lines) =>
        {
            for (int i = 0; i < Batch; i++)
            {
                _line.ResetWrittenCount();
                Write(_line, chain);
                chain = AuditChain.Of(chain.Sequence + 1, _line.WrittenSpan);
                lines.Write(_line.WrittenSpan);
                lines.Write("\n"u8);
            }

            return chain;
        },
        flush: false).To;

    private static void Write(ArrayBufferWriter<byte> line, AuditChain chain)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        AuditLine.Write(line, Event, Guid.CreateVersion7(now), now, "bench", chain.Sequence + 1, chain.Hash);
    }
}
