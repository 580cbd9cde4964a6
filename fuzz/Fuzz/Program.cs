using Sallyport.Fuzz.Targets;
using SharpFuzz;

namespace Sallyport.Fuzz;

/// <summary>
/// The parsers of hostile bytes under a fuzzer.
///   TARGET                                    one target under libfuzzer-dotnet (after instrumenting the assemblies with SharpFuzz)
///   TARGET --afl                              one target under afl-fuzz
///   TARGET --input BASE64                     one target on one input
///   --smoke [--iterations N] [--seed S]       every target on its corpus and on N mutations of it
/// </summary>
internal static class Program
{
    private const int DefaultIterations = 5000;
    private const int DefaultSeed = 20_260_101;

    private static readonly ITarget[] Targets =
        [
            new PgFramesTarget(), new PgMessagesTarget(), new SqlScannerTarget(), new PolicyParserTarget(), new RecordingReaderTarget(), new SamlTarget(),
            new SshPacketsTarget(), new SshHandshakeTarget(), new SshMessagesTarget(), new SshChannelsTarget(), new SshKeysTarget(), new SshFilesTarget(), new SshShellTarget(),
            new SshTerminalTarget(), new SshTranscriptTarget(), new HttpTranscriptTarget(),
            new HttpSessionTarget(), new HttpRequestTarget(), new HttpBodyTarget(), new JsonMaskerTarget(),
            new H2FramesTarget(), new HpackTarget(),
            new Http1HeadTarget(), new Http1ChunkedTarget(), new WebSocketTarget(), new SpdyTarget(), new McpMessageTarget(),
        ];

    private static int Main(string[] args)
    {
        if (args is ["--smoke", .. var options])
            return new Smoke(Option(options, "--seed", DefaultSeed), Option(options, "--iterations", DefaultIterations)).Run(Targets) == 0 ? 0 : 1;

        ITarget? target = args.Length == 0 ? null : Targets.FirstOrDefault(t => t.Name == args[0]);
        if (target is null)
        {
            Console.Error.WriteLine($"usage: TARGET [--afl | --input BASE64] | --smoke [--iterations N] [--seed S]\ntargets: {string.Join(' ', Targets.Select(t => t.Name))}");
            return 2;
        }

        if (args is [_, "--input", var base64])
            Smoke.RunOne(target, Convert.FromBase64String(base64));
        else if (args is [_, "--afl"])
            Fuzzer.OutOfProcess.Run(stream => target.Run(ReadAll(stream)));
        else
            Fuzzer.LibFuzzer.Run(target.Run);
        return 0;
    }

    private static int Option(string[] options, string name, int otherwise)
    {
        int at = Array.IndexOf(options, name);
        return at < 0 ? otherwise : int.Parse(options[at + 1]);
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
