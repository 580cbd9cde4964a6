using Sallyport.Recording;

namespace Sallyport.Fuzz.Targets;

/// <summary>A recording as a file that anybody may have written: read to its end, whatever it holds, in bounded memory.</summary>
internal sealed class RecordingReaderTarget : ITarget
{
    // Two chunks of 16 MiB is the reader's promise; the rest is what records and damages are kept in.
    private const long Bound = 40L << 20;

    public string Name => "RecordingReader";

    public long MaxAllocation(int inputLength) => Bound + (256L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        // Payloads on their own too: mutations seldom get past the checksums that stand before them.
        DecisionRecord.Read(input);
        EventRecord.Read(input);

        byte[] file = input.ToArray();
        using var reader = new RecordingReader(new MemoryStream(file, writable: false));
        long steps = 0, damages = 0;
        bool proven = true;
        for (ReadStatus status = reader.Next(out Record record); status != ReadStatus.End; status = reader.Next(out record))
        {
            // A record takes bytes of the file, but compressed ones; a chunk of 16 MiB holds at most that many.
            OracleException.Require(++steps <= 20L << 20, "more records than there can be");
            OracleException.Require(proven || !record.IsProven, "proven again after damage");
            proven &= status != ReadStatus.Damaged;
            damages += status == ReadStatus.Damaged ? 1 : 0;
        }

        VerifyReport report = reader.Report();
        OracleException.Require(report.ProvenBytes <= file.Length, "more bytes proven than there are");
        OracleException.Require(damages == 0 || report.Outcome != VerifyOutcome.Intact, "damage that the report does not tell");
        OracleException.Require(report.Outcome != VerifyOutcome.Intact || report.ProvenBytes == file.Length, "intact with bytes unaccounted for");
    }
}
