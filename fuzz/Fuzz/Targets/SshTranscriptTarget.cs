using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;

namespace Sallyport.Fuzz.Targets;

/// <summary>Recorded bytes as a reader of recordings gets them: pieces, each a byte (odd: to the client), a uint16 length and so many bytes.</summary>
internal sealed class SshTranscriptTarget : ITarget
{
    public string Name => "SshTranscript";

    public long MaxAllocation(int inputLength) => (4 << 20) + 1024L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        var transcript = new SshTranscript();
        while (input.Length >= 4)
        {
            int length = Math.Clamp((input[1] << 8) | input[2], 1, input.Length - 3);
            transcript.Feed((input[0] & 1) != 0 ? Direction.ToClient : Direction.FromClient, input.Slice(3, length), DateTimeOffset.UnixEpoch);
            input = input[(3 + length)..];
            Drain(transcript);
        }

        transcript.End(DateTimeOffset.UnixEpoch);
        Drain(transcript);
    }

    private static void Drain(SshTranscript transcript)
    {
        while (transcript.TryTake(out SshTranscriptEntry? entry))
            OracleException.Require(entry is not null, "no entry");
    }
}
