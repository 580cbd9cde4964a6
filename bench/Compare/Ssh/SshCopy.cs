using System.Diagnostics;
using Sallyport.Compare.Peers;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Ssh;

/// <summary>Many bytes through one session, moved by OpenSSH's own clients; the time is theirs from start to end, with login.</summary>
/// <param name="Load">What is moved, as in the table.</param>
/// <param name="Half">It moves half of the bytes.</param>
internal sealed record SshCopy(string Load, bool Half)
{
    public static SshCopy DownZeros { get; } = new("down, zeros", Half: false);

    public static SshCopy Down { get; } = new("down", Half: false);

    public static SshCopy Up { get; } = new("up", Half: false);

    public static SshCopy Get { get; } = new("sftp get", Half: true);

    public static SshCopy Put { get; } = new("sftp put", Half: true);

    /// <summary>Moves the bytes once.</summary>
    public async Task<SshRun> RunAsync(ISshPeer peer, SshCipherCase cipher, SshMaterial material, Workspace workspace)
    {
        long bytes = new FileInfo(Half ? material.HalfNoise : material.Noise).Length;
        int? process = peer.ProcessId(cipher);
        Usage before = process is { } id ? Usage.Of(id) : default;
        long clock = Stopwatch.GetTimestamp();
        Task running = MoveAsync(peer, cipher, material, workspace, bytes);
        long resident = 0;
        while (await Task.WhenAny(running, Task.Delay(200)) != running)
            resident = Math.Max(resident, process is { } at ? Usage.Of(at).ResidentBytes : 0);
        await running;
        double seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        double? cpu = process is { } hop ? (await SettledAsync(hop)).CpuSeconds - before.CpuSeconds : null;
        return new SshRun(peer.Name, Load, cipher.Word, bytes / 1e6 / seconds, cpu / (bytes / 1e9), process is null ? null : resident);
    }

    /// <summary>Moves a file both ways by every means, and compares.</summary>
    /// <exception cref="InvalidOperationException">What came is not what was sent.</exception>
    public static async Task VerifyAsync(ISshPeer peer, SshCipherCase cipher, SshMaterial material, Workspace workspace)
    {
        string file = material.LittleNoise;
        string expected = await HashAsync($"<{file}");
        string copy = workspace.At("copy");
        string ssh = Ssh(peer, cipher, material);
        await RequireAsync("down", HashAsync($"< <({ssh} 'cat {file}')"));
        await RequireAsync("up", Tool.RunAsync("bash", ["-c", $"{ssh} 'sha256sum' <{file} | cut -c1-64"]));
        await SftpAsync(peer, cipher, material, $"get {file} {copy}");
        await RequireAsync("sftp get", HashAsync("<" + copy));
        await SftpAsync(peer, cipher, material, $"put {file} {copy}");
        await RequireAsync("sftp put", HashAsync("<" + copy));

        async Task RequireAsync(string load, Task<string> hash)
        {
            if ((await hash).Trim() != expected.Trim())
                throw new InvalidOperationException($"{peer.Name}, {cipher.Word}, {load}: other bytes came than were sent.");
        }
    }

    private async Task MoveAsync(ISshPeer peer, SshCipherCase cipher, SshMaterial material, Workspace workspace, long bytes)
    {
        string ssh = Ssh(peer, cipher, material);
        string copy = workspace.At("copy");
        string file = Half ? material.HalfNoise : material.Noise;
        await (Load switch
        {
            "down, zeros" => Tool.RunAsync("sh", ["-c", $"exec {ssh} 'head -c {bytes} /dev/zero' >/dev/null"]),
            "down" => Tool.RunAsync("sh", ["-c", $"exec {ssh} 'cat {file}' >/dev/null"]),
            "up" => Tool.RunAsync("sh", ["-c", $"exec {ssh} 'cat >/dev/null' <{file}"]),
            "sftp get" => SftpAsync(peer, cipher, material, $"get {file} {copy}"),
            _ => SftpAsync(peer, cipher, material, $"put {file} {copy}"),
        });
    }

    private static string Ssh(ISshPeer peer, SshCipherCase cipher, SshMaterial material) => string.Join(
        ' ',
        ["ssh", .. material.Options(peer.Key, peer.KnownHosts), .. cipher.Options, "-p", peer.Port(cipher).ToString(), $"{peer.User(cipher)}@127.0.0.1"]);

    private static Task<string> SftpAsync(ISshPeer peer, SshCipherCase cipher, SshMaterial material, string command)
    {
        string[] words = ["sftp", .. material.Options(peer.Key, peer.KnownHosts), .. cipher.SftpOptions, "-q", "-b", "-", "-P", peer.Port(cipher).ToString(), $"{peer.User(cipher)}@127.0.0.1"];
        return Tool.RunAsync("sh", ["-c", $"printf '%s\\n' \"$1\" | {string.Join(' ', words)}", "sh", command]);
    }

    private static async Task<string> HashAsync(string input) => (await Tool.RunAsync("bash", ["-c", "set -o pipefail; sha256sum " + input]))[..64];

    /// <summary>What a tree has used once the session's own processes have ended; a process that has not is counted as far as it is.</summary>
    private static async Task<Usage> SettledAsync(int process)
    {
        Usage usage = Usage.Of(process);
        for (int attempt = 0; attempt < 20; attempt++)
        {
            await Task.Delay(50);
            Usage next = Usage.Of(process);
            if (next == usage)
                break;
            usage = next;
        }

        return usage;
    }
}

/// <summary>One run of one load.</summary>
/// <param name="Value">MB/s, sessions/s, or µs.</param>
/// <param name="Cpu">CPU time of what is in between: seconds per GB, or ms per session; null: there is nothing in between.</param>
/// <param name="ResidentBytes">The most memory it was seen to hold, of all its processes.</param>
internal sealed record SshRun(string Peer, string Load, string Cipher, double Value, double? Cpu, long? ResidentBytes);
