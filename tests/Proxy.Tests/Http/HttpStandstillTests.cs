using System.Diagnostics;
using System.Text;
using Sallyport.Contract;
using Sallyport.Proxy.Sessions;
using Xunit;

namespace Sallyport.Proxy.Tests.Http;

/// <summary>Streams that go on for long do not outlive what they were begun with, and stand still with their session.</summary>
public sealed class HttpStandstillTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_ends_within_two_sweeps_of_its_token(bool http2)
    {
        var time = new ShiftedTime();
        await using HttpRig rig = await new HttpRig { Time = time }.StartAsync();
        await using var sweeper = new Sweeper(rig.Sessions, time);
        sweeper.Start();
        using HttpClient client = rig.Client(http2);
        await using Stream stream = await OpenAsync(client);
        rig.Stream.Writer.TryWrite("one");
        Assert.Equal("one", await ReadAsync(stream, 3));

        // However busy it is, it ends.
        using var pump = new Timer(_ => rig.Stream.Writer.TryWrite("x"), null, 0, 20);
        time.Shift = TimeSpan.FromHours(8);
        long expired = Stopwatch.GetTimestamp();
        await Assert.ThrowsAnyAsync<Exception>(() => DrainAsync(stream));
        Assert.InRange(Stopwatch.GetElapsedTime(expired), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_frozen_session_stands_still_and_then_goes_on_where_it_was(bool http2, bool targetHttp2)
    {
        await using HttpRig rig = await new HttpRig().StartAsync(targetHttp2);
        using HttpClient client = rig.Client(http2);
        await using Stream stream = await OpenAsync(client);
        rig.Stream.Writer.TryWrite("before");
        Assert.Equal("before", await ReadAsync(stream, 6));

        LiveSession session = Assert.Single(rig.Sessions.All());
        Assert.True(session.Suspend(SuspensionCause.Frozen, "session/frozen", "Frozen by ada."));
        // Far more than any window: the target must stop, too.
        var written = new StringBuilder();
        for (int i = 0; i < 256; i++)
        {
            string piece = new((char)('a' + (i % 26)), 65536);
            written.Append(piece);
            rig.Stream.Writer.TryWrite(piece);
        }

        var first = new byte[1];
        Task<int> read = stream.ReadAsync(first).AsTask();
        // Whatever is asked for meanwhile is refused, on the same connection where that can be, and says why.
        using HttpClient other = rig.Client(http2);
        using HttpResponseMessage refused = await (http2 ? client : other).GetAsync("/x");
        Assert.Equal(http2 ? 403 : 200, (int)refused.StatusCode);
        if (http2)
            Assert.Contains("Frozen by ada.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(read.IsCompleted);
        // Of HTTP/1.1 the kernel takes megabytes that nobody has granted.
        Assert.True(!targetHttp2 || rig.Stream.Reader.Count > 0, "the target went on");

        Assert.True(session.Lift(SuspensionCause.Frozen));
        Assert.Equal(1, await read.WaitAsync(TimeSpan.FromSeconds(20)));
        rig.Stream.Writer.TryWrite("after");
        rig.Stream.Writer.TryComplete();
        Assert.Equal(string.Concat(written, "after"), Encoding.UTF8.GetString(first) + await DrainAsync(stream));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_comes_whole_while_frozen_comes_after(bool http2)
    {
        await using HttpRig rig = await new HttpRig().StartAsync();
        using HttpClient client = rig.Client(http2);
        using var body = new HeldBody();
        Task<HttpResponseMessage> answer = client.PutAsync("/x", body);
        LiveSession session = await rig.OneSessionAsync();
        await body.Begun.Task;
        Assert.True(session.Suspend(SuspensionCause.Frozen, "session/frozen", "Frozen."));
        body.Go.SetResult();
        await Task.WhenAny(answer, Task.Delay(300));
        Assert.False(answer.IsCompleted);
        Assert.Empty(rig.Heard);

        Assert.True(session.Lift(SuspensionCause.Frozen));
        using HttpResponseMessage response = await answer.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("done beginend", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_revoked_session_ends_its_streams(bool http2)
    {
        await using HttpRig rig = await new HttpRig().StartAsync();
        using HttpClient client = rig.Client(http2);
        await using Stream stream = await OpenAsync(client);
        rig.Stream.Writer.TryWrite("one");
        Assert.Equal("one", await ReadAsync(stream, 3));
        Assert.True(Assert.Single(rig.Sessions.All()).Revoke("revoked/token", "t"));
        await Assert.ThrowsAnyAsync<Exception>(() => DrainAsync(stream));
    }

    [Fact]
    public async Task A_session_that_ends_while_frozen_is_over()
    {
        await using HttpRig rig = await new HttpRig().StartAsync();
        using HttpClient client = rig.Client(http2: true);
        await using Stream stream = await OpenAsync(client);
        LiveSession session = await rig.OneSessionAsync();
        session.Suspend(SuspensionCause.Frozen, "session/frozen", "Frozen.");
        rig.Stream.Writer.TryWrite("never");
        session.Control.End("terminated", "Over.");
        await Assert.ThrowsAnyAsync<Exception>(() => DrainAsync(stream));
    }

    private static async Task<Stream> OpenAsync(HttpClient client)
    {
        HttpResponseMessage response = await client.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(200, (int)response.StatusCode);
        return await response.Content.ReadAsStreamAsync();
    }

    private static async Task<string> ReadAsync(Stream stream, int length)
    {
        var buffer = new byte[length];
        await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        return Encoding.UTF8.GetString(buffer);
    }

    private static async Task<string> DrainAsync(Stream stream)
    {
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>The clock of the system, put forward.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Shift;
    }

    /// <summary>Sends a beginning, and the end when it is told to.</summary>
    private sealed class HeldBody : HttpContent
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync("begin"u8.ToArray());
            await stream.FlushAsync();
            Begun.SetResult();
            await Go.Task;
            await stream.WriteAsync("end"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 8;
            return true;
        }
    }
}
