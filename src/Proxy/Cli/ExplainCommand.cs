using System.CommandLine;
namespace Sallyport.Proxy.Cli;
internal static class ExplainCommand
{
    public static Command Create() => new("explain");
}
