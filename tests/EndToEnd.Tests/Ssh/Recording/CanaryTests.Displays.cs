using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Recording;

/// <summary>A display is forwarded whole, and what opens it is in no recording.</summary>
public sealed partial class CanaryTests
{
    [Fact]
    public async Task A_display_is_forwarded_and_its_cookie_is_not_recorded()
    {
        const int SetupWithCookie = 12 + 20 + 16;
        const int FirstDisplay = 6000;
        using var folder = new TempFolder();
        using var display = new TcpListener(IPAddress.Loopback, 0);
        display.Start();
        Task<byte[]> setup = AnswerAsync(display, SetupWithCookie, "opened");
        var environment = new Dictionary<string, string> { ["DISPLAY"] = $"127.0.0.1:{((IPEndPoint)display.LocalEndpoint).Port - FirstDisplay}", ["XAUTHORITY"] = folder.At("xauthority") };
        const string Command = """
            bash -c 'd=${DISPLAY#*:}; exec 3<>/dev/tcp/127.0.0.1/$((6000+${d%.*}));
            { printf "l\0\013\0\0\0\022\0\020\0\0\0MIT-MAGIC-COOKIE-1\0\0"; printf "$(xauth list ":${d%.*}" | sed "s/.* //; s/../\\\\x&/g")"; } >&3; head -c 6 <&3'
            """;
        SshRun run = await SshRun.OfAsync(["ssh", "-Y", .. _daemon.Options(), SshDaemon.User + "@127.0.0.1", Command], environment: environment);
        Assert.True((run.ExitCode, run.Output) == (0, "opened\n"), run.ToString());

        // OpenSSH's client lets nobody through whose cookie is not the one that it made up: it has come back unchanged.
        Assert.Equal("MIT-MAGIC-COOKIE-1", Encoding.ASCII.GetString(await setup, 12, 18));
        string[] cookies = [.. (await SshRun.OfAsync(["xauth", "-f", gateway.Server.DisplaysFile, "list"])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[(line.LastIndexOf(' ') + 1)..])];
        Assert.NotEmpty(cookies);
        Recorded? recorded;
        do
            recorded = (await SshRecordings.CompleteAsync(_daemon)).SingleOrDefault(r => r.Events.Any(e => e.Name == "forward" && e.Detail.Contains("\"x11\"", StringComparison.Ordinal)));
        while (recorded is null);
        string all = Encoding.Latin1.GetString(recorded.Bytes);
        // The name and the cookie are written apart, and may be one message or two.
        Assert.Contains("MIT-MAGIC-COOKIE-1\0\0", all, StringComparison.Ordinal);
        Assert.Contains(new string('*', 16), all, StringComparison.Ordinal);
        foreach (string cookie in cookies)
        {
            Assert.DoesNotContain(cookie, all, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Encoding.Latin1.GetString(Convert.FromHexString(cookie)), all, StringComparison.Ordinal);
        }
    }

    /// <summary>Takes so many bytes of the first that connects, and answers.</summary>
    private static async Task<byte[]> AnswerAsync(TcpListener listener, int bytes, string answer)
    {
        using Socket socket = await listener.AcceptSocketAsync();
        await using var stream = new NetworkStream(socket);
        byte[] taken = new byte[bytes];
        await stream.ReadExactlyAsync(taken);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        return taken;
    }
}
