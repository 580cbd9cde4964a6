using System.Text;
using BenchmarkDotNet.Attributes;
using Sallyport.Protocols.Ssh.Terminal;

namespace Sallyport.Micro.Ssh;

/// <summary>What an interactive session shows, fed to the screen that commands are read from: a build's log, and a program that paints. 0 bytes.</summary>
public class TerminalBench
{
    private readonly TerminalScreen _screen = new(120, 40);
    private byte[] _log = [];
    private byte[] _paint = [];

    [GlobalSetup]
    public void Setup()
    {
        var log = new StringBuilder();
        var paint = new StringBuilder();
        for (int i = 0; log.Length < 16 << 10; i++)
            log.Append($"[{i,5}] compiling src/module{i}.c with -O2 -Wall -Wextra\r\n");
        for (int i = 0; paint.Length < 16 << 10; i++)
            paint.Append($"\e[{(i % 40) + 1};{(i * 7 % 100) + 1}H\e[1;3{i % 8}m{i,6}\e[0m\e[K");
        (_log, _paint) = (Encoding.UTF8.GetBytes(log.ToString()[..(16 << 10)]), Encoding.UTF8.GetBytes(paint.ToString()));
        _screen.Feed("\e[2J\e[Hready"u8);
        Sample.Require(_screen.Line(0).TrimEnd() == "ready", "the screen shows what was written");
        Log();
        Paint();
    }

    /// <summary>16 KiB of lines.</summary>
    [Benchmark]
    public void Log() => _screen.Feed(_log);

    /// <summary>16 KiB of moves, looks and numbers.</summary>
    [Benchmark]
    public void Paint() => _screen.Feed(_paint);
}
