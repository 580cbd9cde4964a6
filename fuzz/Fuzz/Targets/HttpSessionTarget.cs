using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Http2.Frames;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// A whole session: a byte that says which versions client and target speak, a uint16 length, so many bytes of the client's, and the rest is what the target says once it
/// is asked. Client and target greet rightly where that is HTTP/2. Whatever comes, the session ends, and for a reason.
/// </summary>
internal sealed class HttpSessionTarget : ITarget
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private static readonly byte[] Settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    public string Name => "HttpSession";

    public long MaxAllocation(int inputLength) => (16 << 20) + 4096L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 3)
            return;
        bool http2Client = (input[0] & 1) != 0, http2Target = (input[0] & 2) != 0;
        int length = Math.Min((input[1] << 8) | input[2], input.Length - 3);
        byte[] fromClient = [.. http2Client ? [.. H2FrameWriter.Preface, .. Settings] : Array.Empty<byte>(), .. input.Slice(3, length)];
        byte[] fromTarget = [.. http2Target ? Settings : [], .. input[(3 + length)..]];
        Serve(fromClient, fromTarget, http2Target).WaitAsync(Longest).GetAwaiter().GetResult();
    }

    private static async Task Serve(byte[] fromClient, byte[] fromTarget, bool http2Target)
    {
        var door = new Door(fromTarget);
        var limits = new HttpLimits { LastWord = TimeSpan.FromMilliseconds(1), Connect = TimeSpan.FromSeconds(1) };
        Exception? bug = null;
        await using var pool = new HttpUpstreams(door, limits, TimeProvider.System, e => bug = e);
        var quiet = new Everything(new HttpTarget
        {
            Info = new TargetInfo { Name = "t", Protocol = "http2", TlsMode = TargetTlsMode.Disable },
            Authority = "t",
            PlainHttp2 = http2Target,
        });
        var doors = new HttpDoors
        {
            Login = quiet,
            Targets = quiet,
            Upstream = door,
            Policy = new SshQuiet(),
            Recorder = quiet,
            Sessions = quiet,
            Approvals = null,
            Pool = pool,
            Time = TimeProvider.System,
        };
        var listener = new Sallyport.Protocols.Http2.HttpListener { Node = "n", Name = "l", Tls = static () => null, AllowPlaintext = true, Limits = limits };
        HttpOutcome outcome = await HttpSession.RunAsync(new Script(fromClient, atOnce: true, door.Said), listener, doors, CancellationToken.None).ConfigureAwait(false);
        OracleException.Require(outcome.End.Reason != "internal-error", $"the session ended with {outcome.End}");
        OracleException.Require(bug is null, $"a connection to the target ended with {bug}");
        OracleException.Require(quiet.Entered == 0, "a session that was entered and not left");
    }

    /// <summary>Everybody may do everything.</summary>
    private sealed class Everything(HttpTarget target) : ILogin, IHttpTargets, IRecorder, ILiveSessions
    {
        private int _entered;

        public int Entered => Volatile.Read(ref _entered);

        public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) =>
            ValueTask.FromResult(new LoginResult(new Identity { Subject = "p", Issuer = "i", ExpiresAt = DateTimeOffset.MaxValue }, null));

        public HttpTarget? Route(ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path, out int prefix)
        {
            prefix = 0;
            return target;
        }

        public ISessionRecorder Open(SessionFacts facts) => new SshQuiet();

        public bool TryEnter(SessionContext session, ISessionControl control, out string? refusal)
        {
            refusal = null;
            Interlocked.Increment(ref _entered);
            return true;
        }

        public void Leave(SessionContext session) => Interlocked.Decrement(ref _entered);
    }

    /// <summary>Leads to a target that says the same on each connection.</summary>
    private sealed class Door(byte[] says) : IUpstream
    {
        private readonly TaskCompletionSource _said = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Said => _said.Task;

        public TargetInfo? Find(string target, string protocol) => null;

        public ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel) =>
            ValueTask.FromResult<IDuplex>(new Script(says, atOnce: false, Task.CompletedTask, _said));

        public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel) => throw new NotSupportedException();
    }

    /// <summary>Says its bytes, takes whatever it is told, and hangs up.</summary>
    private sealed class Script : IDuplex
    {
        private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);
        private static readonly PipeOptions Unlimited = new(pauseWriterThreshold: 0, useSynchronizationContext: false);

        private readonly Pipe _pipe = new(Unlimited);
        private readonly byte[] _says;
        private readonly Task _stays;
        private readonly TaskCompletionSource? _said;
        private int _hasSpoken;

        /// <param name="says">What it says.</param>
        /// <param name="atOnce">False: once it was asked.</param>
        /// <param name="stays">It hangs up when this is complete, or a moment later.</param>
        /// <param name="said">Completed when it has spoken.</param>
        public Script(byte[] says, bool atOnce, Task stays, TaskCompletionSource? said = null)
        {
            (_says, _stays, _said) = (says, stays, said);
            if (atOnce)
                Speak();
        }

        public PipeReader Input => _pipe.Reader;

        public IPEndPoint Remote { get; } = new(IPAddress.Loopback, 1);

        public SslStream? Tls => null;

        public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default)
        {
            Speak();
            return default;
        }

        public ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) => throw new IOException("no TLS here");

        public ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) => throw new IOException("no TLS here");

        public void CloseOutput()
        {
            // Nobody is there.
        }

        public void Abort() => _pipe.Writer.Complete();

        public ValueTask DisposeAsync()
        {
            Abort();
            return default;
        }

        private void Speak()
        {
            if (Interlocked.Exchange(ref _hasSpoken, 1) == 0)
                _ = SpeakAsync();
        }

        private async Task SpeakAsync()
        {
            // Not on the thread of whoever asks.
            await Task.Yield();
            try
            {
                await _pipe.Writer.WriteAsync(_says).ConfigureAwait(false);
            }
            catch (InvalidOperationException)
            {
                // It was ended meanwhile.
            }

            _said?.TrySetResult();
            await Task.WhenAny(_stays, Task.Delay(Moment)).ConfigureAwait(false);
            Abort();
        }
    }
}
